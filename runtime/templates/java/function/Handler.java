package function;

import com.google.gson.Gson;
import java.util.Map;
import template.Function;
import template.Request;
import template.Response;

public class Handler implements Function {
    @Override
    public Response handle(Request request) {
        var result = Map.of("body", request.text(), "method", request.method(), "path", request.path());
        return Response.of(new Gson().toJson(result)).header("Content-Type", "application/json");
    }
}
