package template;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** An answer. */
public class Response {
    int status = 200;
    byte[] body = new byte[0];
    final Map<String, String> headers = new LinkedHashMap<>();

    public static Response of(String body) {
        return new Response().body(body);
    }

    public Response status(int status) {
        this.status = status;
        return this;
    }

    public Response header(String name, String value) {
        headers.put(name, value);
        return this;
    }

    public Response body(String body) {
        return body(body.getBytes(StandardCharsets.UTF_8));
    }

    public Response body(byte[] body) {
        this.body = body;
        return this;
    }
}
