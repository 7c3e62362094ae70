package template;

/** What a function is. It is called by several threads at once. */
public interface Function {
    /** Answers a request. An exception is logged, and answered with 500. */
    Response handle(Request request) throws Exception;
}
