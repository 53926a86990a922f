package dev.spigot;

import java.util.Map;

/** Every failure of a call. */
public final class SpigotException extends Exception {
    /** What kept a question from an answer. */
    public enum Kind {
        /** No connection, or one that broke. */
        UNREACHABLE,
        /** No whole answer within the deadline. */
        TIMED_OUT,
        /** An answer that no Spigot gives. */
        UNREADABLE,
        /** The service says that it cannot answer now. */
        UNAVAILABLE,
        /** The service does not take the question; failing open does not change it. */
        REFUSED;

        static Kind of(int status) {
            if (status >= 500 && status < 600) {
                return UNAVAILABLE;
            }
            return status >= 400 && status < 500 ? REFUSED : UNREADABLE;
        }
    }

    private final Kind kind;
    private final String code;
    private final int status;
    private final int retryAfterSeconds;

    SpigotException(Kind kind, String code, int status, int retryAfterSeconds, String detail, Throwable cause) {
        super(kind.name().toLowerCase(java.util.Locale.ROOT) + (code.isEmpty() ? "" : " (" + code + ")") + ": " + detail, cause);
        this.kind = kind;
        this.code = code;
        this.status = status;
        this.retryAfterSeconds = retryAfterSeconds;
    }

    SpigotException(Kind kind, String detail, Throwable cause) {
        this(kind, "", 0, 0, detail, cause);
    }

    static SpigotException unreadable(String why) {
        return new SpigotException(Kind.UNREADABLE, "", 200, 0, why, null);
    }

    /** A status that is not 200, and the problem (RFC 9457) that may have come with it. */
    static SpigotException ofProblem(Object problem, int status, int retryAfterSeconds) {
        Map<String, Object> told = Json.object(problem);
        String detail = Json.text(told, "detail");
        String said = detail.isEmpty() ? "the service answered " + status : detail;
        return new SpigotException(Kind.of(status), Json.text(told, "code"), status, retryAfterSeconds, said, null);
    }

    /** What kept the question from an answer. */
    public Kind kind() {
        return kind;
    }

    /** The service's own word, such as secret_unknown; empty when it said none. */
    public String code() {
        return code;
    }

    /** The HTTP status of the answer; 0 when there was none. */
    public int status() {
        return status;
    }

    /** 0 when nothing was said. */
    public int retryAfterSeconds() {
        return retryAfterSeconds;
    }

    boolean opens() {
        return kind != Kind.REFUSED;
    }
}
