import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;

/**
 * Runs a Java action as the child of Hearth's proxy: requests are lines of JSON
 * on stdin, answers are lines of JSON on file descriptor 3. The argument names
 * the class, and after a "#" its method, which is "main" otherwise.
 */
public final class Launcher {
    private static final Gson GSON = new GsonBuilder().serializeNulls().disableHtmlEscaping().create();

    private final OutputStream answers = new FileOutputStream("/dev/fd/3");
    private final Method method;

    private Launcher(String entry) throws IOException {
        method = find(entry);
    }

    public static void main(String[] args) throws IOException {
        BufferedReader requests =
            new BufferedReader(new InputStreamReader(new FileInputStream(FileDescriptor.in), StandardCharsets.UTF_8), 1 << 16);
        System.setIn(InputStream.nullInputStream());
        Launcher launcher = new Launcher(args[0]);
        launcher.send("{\"ok\":true}");
        for (String line; (line = requests.readLine()) != null; ) {
            launcher.send(launcher.run(line));
        }
        System.exit(0);
    }

    private Method find(String entry) throws IOException {
        String[] parts = entry.split("#", 2);
        String name = parts.length == 2 ? parts[1] : "main";
        try {
            for (Class<?> type : new Class<?>[] {JsonObject.class, JsonElement.class}) {
                try {
                    Method found = Class.forName(parts[0]).getMethod(name, type);
                    found.setAccessible(true);
                    return found;
                } catch (NoSuchMethodException e) {
                    // the next type, or else the error below
                }
            }
            throw new NoSuchMethodException("no method public static JsonObject " + name + "(JsonObject) in " + parts[0]);
        } catch (ReflectiveOperationException | LinkageError e) {
            e.printStackTrace();
            JsonObject said = new JsonObject();
            said.addProperty("ok", false);
            said.addProperty("error", "Initialization has failed due to: " + e);
            send(GSON.toJson(said));
            System.exit(1);
            return null;
        }
    }

    private void send(String line) throws IOException {
        System.out.flush();
        System.err.flush();
        answers.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        answers.flush();
    }

    private String run(String line) {
        try {
            JsonObject request = JsonParser.parseString(line).getAsJsonObject();
            JsonElement value = request.remove("value");
            Map<String, String> environment = environment();
            for (Map.Entry<String, JsonElement> e : request.entrySet()) {
                if (e.getValue().isJsonPrimitive()) {
                    environment.put("__OW_" + e.getKey().toUpperCase(Locale.ROOT), e.getValue().getAsString());
                }
            }
            return GSON.toJson((JsonElement) method.invoke(null, value == null ? new JsonObject() : value));
        } catch (InvocationTargetException e) {
            return error(e.getCause());
        } catch (ReflectiveOperationException | RuntimeException e) {
            return error(e);
        }
    }

    private static String error(Throwable e) {
        e.printStackTrace();
        JsonObject result = new JsonObject();
        result.addProperty("error", "An error has occurred: " + e);
        return GSON.toJson(result);
    }

    /** The map behind System.getenv(), which Java gives no way to change. */
    @SuppressWarnings("unchecked")
    private static Map<String, String> environment() throws ReflectiveOperationException {
        Map<String, String> view = System.getenv();
        var field = view.getClass().getDeclaredField("m");
        field.setAccessible(true);
        return (Map<String, String>) field.get(view);
    }
}
