package dev.spigot.servlet;

import dev.spigot.Decision;
import dev.spigot.Header;
import dev.spigot.Request;
import dev.spigot.Spigot;
import dev.spigot.SpigotException;
import jakarta.servlet.Filter;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletRequest;
import jakarta.servlet.ServletResponse;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Decides every request before the application sees it; the decision is the request's attribute {@code spigot.decision}.
 * Spring Boot takes it as a bean. It hands what is under /.spigot/ on to the service, for which the virtual machine has to be
 * started with {@code -Djdk.httpclient.allowRestrictedHeaders=host}; where a proxy sends that to Spigot, nothing is needed.
 */
public final class SpigotFilter implements Filter {
    private static final String BELOW = "/.spigot/";
    /** The most that is handed on of a body: a submission has 64 KiB. */
    private static final int BODY_BYTES_MAX = 128 << 10;
    /** Below it nothing begins with a dot, nor is written otherwise than it is. */
    private static final Pattern ELSEWHERE = Pattern.compile("/\\.|\\\\|%2e|%2f|%5c");
    private static final Set<String> HOP =
            Set.of("connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "proxy-connection", ":status");
    private static final Set<String> OWN = Set.of("host", "content-length", "expect", "x-forwarded-for", "x-forwarded-proto");
    private static final String UNAVAILABLE = "{\"type\":\"about:blank\",\"title\":\"This cannot be checked at the moment\","
            + "\"status\":503,\"detail\":\"Please try again in a few seconds.\",\"code\":\"unavailable\"}";

    private final Spigot spigot;
    private final Function<HttpServletRequest, String> address;
    private final BiConsumer<HttpServletRequest, SpigotException> failed;
    private final Predicate<HttpServletRequest> showsBody;

    /** With the connection's own address, and nobody hears of failures. */
    public SpigotFilter(Spigot spigot) {
        this(spigot, ServletRequest::getRemoteAddr, (request, why) -> {});
    }

    /**
     * @param address who the visitor is; behind a proxy of yours, read what that proxy sets
     * @param failed hears of what could not be decided
     */
    public SpigotFilter(
            Spigot spigot, Function<HttpServletRequest, String> address, BiConsumer<HttpServletRequest, SpigotException> failed) {
        this(spigot, address, failed, request -> false);
    }

    private SpigotFilter(
            Spigot spigot, Function<HttpServletRequest, String> address, BiConsumer<HttpServletRequest, SpigotException> failed,
            Predicate<HttpServletRequest> showsBody) {
        this.spigot = spigot;
        this.address = address;
        this.failed = failed;
        this.showsBody = showsBody;
    }

    /**
     * The same, and of these requests the service sees the body's first 64 KiB; the application reads it whole all the same.
     * Not of forms with files (multipart), which only the container takes apart.
     */
    public SpigotFilter showingBodiesOf(Predicate<HttpServletRequest> showsBody) {
        return new SpigotFilter(spigot, address, failed, showsBody);
    }

    @Override
    public void doFilter(ServletRequest any, ServletResponse answer, FilterChain chain) throws IOException, ServletException {
        HttpServletRequest request = (HttpServletRequest) any;
        HttpServletResponse response = (HttpServletResponse) answer;
        String query = request.getQueryString();
        String target = request.getRequestURI() + (query == null ? "" : "?" + query);
        try {
            if (isBelow(target)) {
                handOn(request, response, target);
                return;
            }
            Request described = describe(request, target);
            if (Shown.isPossible(request) && showsBody.test(request)) {
                Shown shown = Shown.of(request);
                shown.tell(described);
                request = shown;
            }
            Decision decision = spigot.decide(described);
            if (!decision.passes()) {
                send(request, response, decision.response());
                return;
            }
            request.setAttribute("spigot.decision", decision);
            chain.doFilter(new Told(request, decision), response);
        } catch (SpigotException error) {
            failed.accept(request, error);
            List<Header> headers = List.of(
                    new Header("Content-Type", "application/problem+json"), new Header("Cache-Control", "no-store"),
                    new Header("Retry-After", "5"));
            send(request, response, new Decision.Response(503, headers, UNAVAILABLE));
        }
    }

    private Request describe(HttpServletRequest request, String target) {
        Request described = new Request(host(request), address.apply(request))
                .method(request.getMethod()).scheme(request.getScheme()).path(target);
        for (String name : Collections.list(request.getHeaderNames())) {
            if (!isOurs(name)) {
                Collections.list(request.getHeaders(name)).forEach(value -> described.header(name, value));
            }
        }
        return described;
    }

    private static String host(HttpServletRequest request) {
        String host = request.getHeader("Host");
        return host == null ? request.getServerName() : host;
    }

    private static void send(HttpServletRequest request, HttpServletResponse response, Decision.Response told) throws IOException {
        response.setStatus(told.status());
        told.headers().forEach(header -> response.addHeader(header.name(), header.value()));
        if (!request.getMethod().equals("HEAD")) {
            response.getOutputStream().write(told.body().getBytes(StandardCharsets.UTF_8));
        }
    }

    private void handOn(HttpServletRequest request, HttpServletResponse response, String target) throws IOException, SpigotException {
        byte[] body = request.getInputStream().readNBytes(BODY_BYTES_MAX);
        HttpRequest.Builder onward = HttpRequest.newBuilder().method(request.getMethod(),
                body.length == 0 ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofByteArray(body));
        for (String name : Collections.list(request.getHeaderNames())) {
            String plain = name.toLowerCase(Locale.ROOT);
            if (!isOurs(name) && !HOP.contains(plain) && !OWN.contains(plain)) {
                Collections.list(request.getHeaders(name)).forEach(value -> onward.header(name, value));
            }
        }
        onward.header("X-Forwarded-For", address.apply(request)).header("X-Forwarded-Proto", request.getScheme());
        try {
            onward.header("Host", host(request));
        } catch (IllegalArgumentException restricted) {
            throw new ServiceUnreachable(restricted);
        }
        HttpResponse<byte[]> answer = spigot.handOn(onward, target);
        response.setStatus(answer.statusCode());
        answer.headers().map().forEach((name, values) -> {
            if (!HOP.contains(name.toLowerCase(Locale.ROOT))) {
                values.forEach(value -> response.addHeader(name, value));
            }
        });
        response.getOutputStream().write(answer.body());
    }

    /** The virtual machine was not started as the filter needs it. */
    private static final class ServiceUnreachable extends IOException {
        ServiceUnreachable(Throwable cause) {
            super("/.spigot/ cannot be handed on: start the virtual machine with -Djdk.httpclient.allowRestrictedHeaders=host,"
                    + " or let a proxy send it to Spigot", cause);
        }
    }

    /** Whether a request is for Spigot itself. One whose path may lead elsewhere is decided upon like any other. */
    private static boolean isBelow(String target) {
        String path = target.split("\\?", 2)[0].toLowerCase(Locale.ROOT);
        return path.startsWith(BELOW) && !ELSEWHERE.matcher(path.substring(BELOW.length() - 1)).find();
    }

    /** What only Spigot may say, in every spelling that some server takes for it. */
    static boolean isOurs(String name) {
        String plain = name.toLowerCase(Locale.ROOT).replace('_', '-');
        return plain.startsWith("x-spigot-") || plain.equals("x-captcha-reason");
    }
}
