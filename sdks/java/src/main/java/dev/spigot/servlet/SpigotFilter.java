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

/**
 * Decides every request before the application sees it; the decision is the request's attribute {@code spigot.decision}.
 * Spring Boot takes it as a bean. It hands what is under /.spigot/ on to the service, for which the virtual machine has to be
 * started with {@code -Djdk.httpclient.allowRestrictedHeaders=host}; where a proxy sends that to Spigot, nothing is needed.
 */
public final class SpigotFilter implements Filter {
    private static final String BELOW = "/.spigot/";
    /** The most that is handed on of a body: a submission has 64 KiB. */
    private static final int BODY_BYTES_MAX = 128 << 10;
    private static final Set<String> HOP =
            Set.of("connection", "keep-alive", "transfer-encoding", "upgrade", "te", "trailer", "proxy-connection", ":status");
    private static final Set<String> OWN = Set.of("host", "content-length", "expect", "x-forwarded-for", "x-forwarded-proto");
    private static final String UNAVAILABLE = "{\"type\":\"about:blank\",\"title\":\"This cannot be checked at the moment\","
            + "\"status\":503,\"detail\":\"Please try again in a few seconds.\",\"code\":\"unavailable\"}";

    private final Spigot spigot;
    private final Function<HttpServletRequest, String> address;
    private final BiConsumer<HttpServletRequest, SpigotException> failed;

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
        this.spigot = spigot;
        this.address = address;
        this.failed = failed;
    }

    @Override
    public void doFilter(ServletRequest any, ServletResponse answer, FilterChain chain) throws IOException, ServletException {
        HttpServletRequest request = (HttpServletRequest) any;
        HttpServletResponse response = (HttpServletResponse) answer;
        String query = request.getQueryString();
        String target = request.getRequestURI() + (query == null ? "" : "?" + query);
        try {
            if (target.startsWith(BELOW)) {
                handOn(request, response, target);
                return;
            }
            Decision decision = spigot.decide(describe(request, target));
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

    /** What only Spigot may say, in every spelling that some server takes for it. */
    static boolean isOurs(String name) {
        String plain = name.toLowerCase(Locale.ROOT).replace('_', '-');
        return plain.startsWith("x-spigot-") || plain.equals("x-captcha-reason");
    }
}
