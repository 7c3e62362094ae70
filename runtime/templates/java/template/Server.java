package template;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.Executors;

/** Serves function.Handler on port 8082, behind the watchdog. */
public class Server {
    private final Function function;

    Server(Function function) {
        this.function = function;
    }

    public static void main(String[] args) throws Exception {
        Function function = (Function) Class.forName("function.Handler").getDeclaredConstructor().newInstance();
        int port = Integer.parseInt(System.getenv().getOrDefault("http_port", "8082"));
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 1024);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", new Server(function)::serve);
        server.start();
    }

    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            Response response = answer(exchange);
            response.headers.forEach(exchange.getResponseHeaders()::set);
            boolean empty = response.body.length == 0 || exchange.getRequestMethod().equals("HEAD");
            exchange.sendResponseHeaders(response.status, empty ? -1 : response.body.length);
            if (!empty) {
                exchange.getResponseBody().write(response.body);
            }
        }
    }

    private Response answer(HttpExchange exchange) {
        try {
            byte[] body = exchange.getRequestBody().readAllBytes();
            var url = exchange.getRequestURI();
            Response response = function.handle(new Request(exchange.getRequestMethod(), url.getPath(), url.getRawQuery(), exchange.getRequestHeaders(), body));
            return response == null ? new Response() : response;
        } catch (Exception e) {
            e.printStackTrace();
            return Response.of("Internal Server Error").status(500);
        }
    }
}
