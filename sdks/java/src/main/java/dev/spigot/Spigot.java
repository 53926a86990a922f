package dev.spigot;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Asks one service on behalf of one site; safe to share between threads. Nothing passes because a question failed: every
 * failure is a SpigotException, unless failOpen asks for the opposite.
 */
public final class Spigot {
    /** Keys for tests; they count only with a service that has test_keys switched on, as `spigot demo` has. */
    public static final String TEST_SECRET_PASSES = "0x0000000000000000000000000000000000000001";
    /** No token is right. */
    public static final String TEST_SECRET_FAILS = "0x0000000000000000000000000000000000000002";
    /** Every token is spent. */
    public static final String TEST_SECRET_SPENT = "0x0000000000000000000000000000000000000003";

    private static final int TOKEN_LETTERS = 2048;
    private static final Duration TIMEOUT = Duration.ofSeconds(3);

    private final String base;
    private final String secret;
    private final Duration timeout;
    private final boolean failOpen;
    private final HttpClient http;

    /** Asks the service at an address such as http://127.0.0.1:8082, within 3 seconds, and fails closed. */
    public Spigot(String base, String secret) {
        this(base, secret, TIMEOUT, false, newHttp());
    }

    private Spigot(String base, String secret, Duration timeout, boolean failOpen, HttpClient http) {
        URI address = URI.create(base);
        boolean known = "http".equals(address.getScheme()) || "https".equals(address.getScheme());
        if (!known || address.getHost() == null) {
            throw new IllegalArgumentException("The service is at an address like http://127.0.0.1:8082.");
        }
        if (secret == null || secret.isEmpty()) {
            throw new IllegalArgumentException("The secret is empty; `spigot site rotate NAME` makes one.");
        }
        this.base = base.replaceAll("/+$", "");
        this.secret = secret;
        this.timeout = timeout;
        this.failOpen = failOpen;
        this.http = http;
    }

    private static HttpClient newHttp() {
        // A redirection is not followed, and no proxy of the system's is asked: the secret would go along.
        return HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).followRedirects(HttpClient.Redirect.NEVER)
                .proxy(HttpClient.Builder.NO_PROXY).build();
    }

    /** The same, with another bound for a whole call, its second try included. */
    public Spigot timeout(Duration timeout) {
        return new Spigot(base, secret, timeout, failOpen, http);
    }

    /** The same, letting through what could not be checked; `checked` is false then. */
    public Spigot failOpen(boolean failOpen) {
        return new Spigot(base, secret, timeout, failOpen, http);
    }

    /** Asks once what a token is worth. */
    public Verification verify(String token, Expected expected) throws SpigotException {
        if (token == null || token.isEmpty()) {
            return Verification.of(false, true, "missing-input-response");
        }
        if (token.length() > TOKEN_LETTERS) {
            return Verification.of(false, true, "invalid-input-response");
        }
        Map<String, Object> question = new LinkedHashMap<>();
        question.put("secret", secret);
        question.put("response", token);
        // Under it the same question may be asked again when the connection breaks before the answer.
        question.put("idempotency_key", UUID.randomUUID().toString());
        if (expected.address() != null && !expected.address().isEmpty()) {
            question.put("remoteip", expected.address());
        }
        try {
            return Verification.read(ask("/turnstile/v0/siteverify", question, true), expected);
        } catch (SpigotException error) {
            if (passes(error)) {
                return Verification.of(true, false);
            }
            throw error;
        }
    }

    /** The same, of any action and host. */
    public Verification verify(String token) throws SpigotException {
        return verify(token, Expected.ANYTHING);
    }

    /** Asks what to do. It is not asked again when the connection breaks: it would count twice. */
    public Decision decide(Request request) throws SpigotException {
        try {
            return Decision.read(ask("/v1/decide", request.wire(), false));
        } catch (SpigotException error) {
            if (passes(error)) {
                return Decision.unseen();
            }
            throw error;
        }
    }

    /** At most 32 at once; one answer for each, in their order. */
    public List<Decision.Decided> decideAll(List<Request> requests) throws SpigotException {
        if (requests.isEmpty()) {
            return List.of();
        }
        Map<String, Object> question = Map.of("requests", requests.stream().map(Request::wire).toList());
        List<Decision.Decided> decided = new ArrayList<>();
        try {
            decided.addAll(Decision.readBatch(ask("/v1/decide", question, false), requests.size()));
        } catch (SpigotException error) {
            if (!passes(error)) {
                throw error;
            }
            requests.forEach(request -> decided.add(new Decision.Decided(Decision.unseen(), null)));
        }
        decided.replaceAll(one -> passes(one.error()) ? new Decision.Decided(Decision.unseen(), null) : one);
        return decided;
    }

    /** Tells how an attempt ended; whether it was counted by this report. */
    public boolean outcome(String decision, boolean success) throws SpigotException {
        Map<String, Object> report = Map.of("decision", decision, "outcome", success ? "success" : "failure");
        if (ask("/v1/outcome", report, true).get("counted") instanceof Boolean counted) {
            return counted;
        }
        throw SpigotException.unreadable("the answer does not say counted");
    }

    private boolean passes(SpigotException error) {
        return failOpen && error != null && error.opens();
    }

    private Map<String, Object> ask(String path, Map<String, Object> question, boolean twice) throws SpigotException {
        long end = System.nanoTime() + timeout.toNanos();
        HttpRequest request = HttpRequest.newBuilder(URI.create(base + path))
                .header("Content-Type", "application/json")
                .header("Authorization", "Bearer " + secret)
                .POST(HttpRequest.BodyPublishers.ofString(Json.write(question)))
                .build();
        HttpResponse<byte[]> response;
        try {
            response = exchange(request, end);
        } catch (SpigotException error) {
            if (!twice || error.kind() != SpigotException.Kind.UNREACHABLE) {
                throw error;
            }
            response = exchange(request, end);
        }
        return read(response);
    }

    /** A request for Spigot itself, as the proxy before an application would send it. */
    public HttpResponse<byte[]> handOn(HttpRequest.Builder request, String target) throws SpigotException {
        return exchange(request.uri(URI.create(base + target)).build(), System.nanoTime() + timeout.toNanos());
    }

    /** The client's own time-out ends with the answer's head; this one ends with its body. */
    private HttpResponse<byte[]> exchange(HttpRequest request, long end) throws SpigotException {
        CompletableFuture<HttpResponse<byte[]>> answer = http.sendAsync(request, head -> new Bounded());
        try {
            return answer.get(Math.max(1, end - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException late) {
            answer.cancel(true);
            throw new SpigotException(SpigotException.Kind.TIMED_OUT, "the service did not answer in time", late);
        } catch (InterruptedException stopped) {
            answer.cancel(true);
            Thread.currentThread().interrupt();
            throw new SpigotException(SpigotException.Kind.TIMED_OUT, "the thread was interrupted", stopped);
        } catch (ExecutionException failed) {
            for (Throwable why = failed; why != null; why = why.getCause()) {
                if (why instanceof Bounded.TooLarge) {
                    throw SpigotException.unreadable(why.getMessage());
                }
            }
            boolean connection = failed.getCause() instanceof IOException;
            SpigotException.Kind kind = connection ? SpigotException.Kind.UNREACHABLE : SpigotException.Kind.UNREADABLE;
            throw new SpigotException(kind, "the service cannot be reached", failed.getCause());
        }
    }

    private static Map<String, Object> read(HttpResponse<byte[]> response) throws SpigotException {
        String text = new String(response.body(), StandardCharsets.UTF_8);
        Object answer;
        try {
            answer = Json.read(text);
        } catch (IllegalArgumentException none) {
            answer = null;
        }
        if (response.statusCode() != 200) {
            boolean isProblem = response.headers().firstValue("content-type").orElse("").startsWith("application/problem+json");
            String after = response.headers().firstValue("retry-after").orElse("");
            int seconds = after.matches("\\d{1,9}") ? Integer.parseInt(after) : 0;
            throw SpigotException.ofProblem(isProblem ? answer : null, response.statusCode(), seconds);
        }
        if (!(answer instanceof Map)) {
            throw SpigotException.unreadable("the answer is no JSON object");
        }
        return Json.object(answer);
    }
}
