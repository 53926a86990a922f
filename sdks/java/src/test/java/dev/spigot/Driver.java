package dev.spigot;

import dev.spigot.servlet.SpigotFilter;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.descriptor.web.FilterDef;
import org.apache.tomcat.util.descriptor.web.FilterMap;

/** The driver that the shared checks talk to: calls of a line each, or an application behind the filter. */
public final class Driver {
    private Driver() {}

    public static void main(String[] arguments) throws Exception {
        switch (arguments[0]) {
            case "serve" -> serve();
            case "serve-spring" -> SpringApplicationBehind.serve();
            default -> lines();
        }
    }

    private static void lines() throws IOException {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            Map<String, Object> asked = Json.object(Json.read(line));
            Spigot spigot = new Spigot(Json.text(asked, "base"), Json.text(asked, "secret"))
                    .timeout(Duration.ofMillis(Json.number(asked, "timeout_millis")))
                    .failOpen(Boolean.TRUE.equals(asked.get("fail_open")));
            Object answer;
            try {
                answer = Map.of("result", call(spigot, asked));
            } catch (SpigotException error) {
                answer = failed(error);
            }
            System.out.println(Json.write(answer));
        }
    }

    private static Object call(Spigot spigot, Map<String, Object> asked) throws SpigotException {
        Map<String, Object> result = new LinkedHashMap<>();
        switch (Json.text(asked, "call")) {
            case "verify" -> {
                Expected expected = new Expected(Json.text(asked, "address"), Json.text(asked, "action"), Json.text(asked, "hostname"));
                Verification found = spigot.verify(Json.text(asked, "token"), expected);
                result.put("success", found.success());
                result.put("checked", found.checked());
                result.put("codes", found.codes());
                result.put("hostname", found.hostname());
                result.put("action", found.action());
                result.put("data", found.data());
                result.put("solved_at", found.solvedAt());
            }
            case "outcome" -> result.put("counted", spigot.outcome(Json.text(asked, "decision"), (Boolean) asked.get("success")));
            case "decide" -> {
                return told(spigot.decide(request(asked.get("request"))));
            }
            default -> {
                List<Request> requests = new ArrayList<>();
                Json.list(asked.get("requests")).forEach(described -> requests.add(request(described)));
                List<Object> all = new ArrayList<>();
                spigot.decideAll(requests).forEach(one -> all.add(one.error() == null ? told(one.decision()) : failed(one.error())));
                return all;
            }
        }
        return result;
    }

    private static Request request(Object described) {
        Map<String, Object> told = Json.object(described);
        Request request = new Request(Json.text(told, "host"), Json.text(told, "address"))
                .method((String) told.get("method")).scheme((String) told.get("scheme")).path((String) told.get("path"))
                .action((String) told.get("action")).account((String) told.get("account")).body(Json.text(told, "body"));
        Header.read(told.get("headers")).forEach(header -> request.header(header.name(), header.value()));
        return request;
    }

    private static Object failed(SpigotException error) {
        return Map.of("error", Map.of(
                "kind", error.kind().name().toLowerCase(Locale.ROOT), "code", error.code(),
                "retry_after_seconds", error.retryAfterSeconds(), "text", error.toString()));
    }

    private static Object told(Decision decision) {
        Map<String, Object> told = new LinkedHashMap<>();
        told.put("id", decision.id());
        told.put("action", decision.action());
        told.put("effective", decision.effective());
        told.put("risk", decision.risk());
        told.put("reasons", decision.reasons().stream().map(Decision.Reason::name).toList());
        told.put("passes", decision.passes());
        told.put("checked", decision.checked());
        told.put("request_headers", pairs(decision.requestHeaders()));
        Decision.Response response = decision.response();
        told.put("response", response == null ? null : Map.of(
                "status", response.status(), "headers", pairs(response.headers()), "body", response.body()));
        return told;
    }

    private static List<Object> pairs(List<Header> headers) {
        List<Object> pairs = new ArrayList<>();
        headers.forEach(header -> pairs.add(List.of(header.name(), header.value())));
        return pairs;
    }

    /** Tells what it was given. */
    private static final class Application extends HttpServlet {
        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
            List<Object> headers = new ArrayList<>();
            for (String name : Collections.list(request.getHeaderNames())) {
                Collections.list(request.getHeaders(name)).forEach(value -> headers.add(List.of(name.toLowerCase(Locale.ROOT), value)));
            }
            String query = request.getQueryString();
            String routed = request.getServletPath() + request.getPathInfo();
            Map<String, Object> seen = Map.of(
                    "method", request.getMethod(), "path", request.getRequestURI() + (query == null ? "" : "?" + query), "routed", routed,
                    "headers", headers, "body", new String(request.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
            response.getOutputStream().write(Json.write(seen).getBytes(StandardCharsets.UTF_8));
        }
    }

    /** Of which requests the service sees the bodies. */
    static SpigotFilter filter() {
        Map<String, String> environment = System.getenv();
        Spigot spigot = new Spigot(environment.get("SPIGOT_BASE"), environment.get("SPIGOT_SECRET"))
                .timeout(Duration.ofMillis(Long.parseLong(environment.get("SPIGOT_TIMEOUT_MILLIS"))))
                .failOpen(!environment.get("SPIGOT_FAIL_OPEN").isEmpty());
        return new SpigotFilter(spigot).showingBodiesOf(request -> request.getRequestURI().startsWith("/shown/"));
    }

    private static void serve() throws Exception {
        java.util.logging.Logger.getLogger("org.apache").setLevel(java.util.logging.Level.SEVERE);
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(Files.createTempDirectory("spigot-driver").toString());
        tomcat.setPort(0);
        tomcat.getConnector().setProperty("address", "127.0.0.1");
        Context context = tomcat.addContext("", null);
        Tomcat.addServlet(context, "application", new Application());
        context.addServletMappingDecoded("/*", "application");
        FilterDef filter = new FilterDef();
        filter.setFilterName("spigot");
        filter.setFilter(filter());
        context.addFilterDef(filter);
        FilterMap everywhere = new FilterMap();
        everywhere.setFilterName("spigot");
        everywhere.addURLPattern("/*");
        context.addFilterMap(everywhere);
        tomcat.start();
        System.out.println("{\"port\": " + tomcat.getConnector().getLocalPort() + "}");
        System.in.transferTo(java.io.OutputStream.nullOutputStream());
        tomcat.stop();
        System.exit(0);
    }
}
