package dev.spigot;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What is to be decided upon: host and address, and a path or an action. */
public final class Request {
    private final Map<String, Object> told = new LinkedHashMap<>();
    private final List<Object> headers = new ArrayList<>();

    /** A request to a host by a visitor's address. */
    public Request(String host, String address) {
        told.put("host", host);
        told.put("address", address);
    }

    /** GET when nothing is said. */
    public Request method(String method) {
        return with("method", method);
    }

    /** "https" or "http", as the visitor's browser has it. */
    public Request scheme(String scheme) {
        return with("scheme", scheme);
    }

    /** As it came, with its query. */
    public Request path(String path) {
        return with("path", path);
    }

    /** Something that is no request, such as "checkout": routes match it as POST /.spigot/action/checkout. */
    public Request action(String action) {
        return with("action", action);
    }

    /** The identifier that the request is about, where the application knows it. */
    public Request account(String account) {
        return with("account", account);
    }

    /** One more header, in the order in which they came. */
    public Request header(String name, String value) {
        headers.add(List.of(name, value));
        return with("headers", headers);
    }

    /** What the policy may look into, whole. */
    public Request body(byte[] body) {
        return body.length == 0 ? this : with("body_base64", Base64.getEncoder().encodeToString(body));
    }

    /** The same, of which this is the beginning only. */
    public Request bodyBegun(byte[] body) {
        return body(body).with("body_complete", body.length == 0 ? null : Boolean.FALSE);
    }

    /** The same, of text. */
    public Request body(String body) {
        return body(body.getBytes(StandardCharsets.UTF_8));
    }

    private Request with(String name, Object value) {
        if (value != null) {
            told.put(name, value);
        }
        return this;
    }

    Map<String, Object> wire() {
        return told;
    }
}
