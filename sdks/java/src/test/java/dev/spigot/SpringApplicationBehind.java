package dev.spigot;

import dev.spigot.servlet.SpigotFilter;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.web.servlet.context.ServletWebServerApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.http.HttpEntity;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.util.ServletRequestPathUtils;

/** An application of Spring Boot with the filter as a bean: it tells what it was given. */
@SpringBootApplication
@RestController
public class SpringApplicationBehind {
    /** As it stands in the README. */
    @Bean
    SpigotFilter spigot() {
        return Driver.filter();
    }

    /** A form's fields, as Spring binds them. */
    @RequestMapping("/shown/long/form")
    ResponseEntity<byte[]> form(@RequestParam("email") String email) {
        return written(Map.of("path", "/shown/long/form", "email", email));
    }

    /** Everything else. */
    @RequestMapping("/**")
    ResponseEntity<byte[]> any(HttpServletRequest request, HttpEntity<byte[]> entity) {
        List<Object> headers = new ArrayList<>();
        for (String name : Collections.list(request.getHeaderNames())) {
            Collections.list(request.getHeaders(name)).forEach(value -> headers.add(List.of(name.toLowerCase(Locale.ROOT), value)));
        }
        String query = request.getQueryString();
        byte[] body = entity.getBody();
        String routed = ServletRequestPathUtils.getParsedRequestPath(request).pathWithinApplication().value();
        return written(Map.of(
                "method", request.getMethod(), "path", request.getRequestURI() + (query == null ? "" : "?" + query), "routed", routed,
                "headers", headers, "body", body == null ? "" : new String(body, StandardCharsets.UTF_8)));
    }

    private static ResponseEntity<byte[]> written(Map<String, Object> told) {
        return ResponseEntity.ok().contentType(MediaType.APPLICATION_JSON).body(Json.write(told).getBytes(StandardCharsets.UTF_8));
    }

    static void serve() throws Exception {
        SpringApplication application = new SpringApplication(SpringApplicationBehind.class);
        application.setDefaultProperties(Map.of(
                "server.address", "127.0.0.1", "server.port", "0", "logging.level.root", "ERROR", "spring.main.banner-mode", "off"));
        ServletWebServerApplicationContext context = (ServletWebServerApplicationContext) application.run();
        System.out.println("{\"port\": " + context.getWebServer().getPort() + "}");
        System.in.transferTo(java.io.OutputStream.nullOutputStream());
        context.close();
        System.exit(0);
    }
}
