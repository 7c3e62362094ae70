package template;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;

/** A request. query is as it was sent, or null; names of headers begin with a capital, the rest is small. */
public record Request(String method, String path, String query, Map<String, List<String>> headers, byte[] body) {
    /** The first value of a header, or null. */
    public String header(String name) {
        return headers.entrySet().stream().filter(e -> e.getKey().equalsIgnoreCase(name)).map(e -> e.getValue().get(0))
                .findFirst().orElse(null);
    }

    /** The body as text. */
    public String text() {
        return new String(body, StandardCharsets.UTF_8);
    }
}
