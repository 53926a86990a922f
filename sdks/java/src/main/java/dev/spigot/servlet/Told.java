package dev.spigot.servlet;

import dev.spigot.Decision;
import dev.spigot.Header;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;

/** A request with what Spigot says of it, and without what its sender said in Spigot's name. */
final class Told extends HttpServletRequestWrapper {
    private final List<Header> ours;
    private final List<String> removed;

    Told(HttpServletRequest request, Decision decision) {
        super(request);
        this.ours = decision.requestHeaders();
        this.removed = decision.removeHeaders();
    }

    @Override
    public String getHeader(String name) {
        List<String> told = of(name);
        if (!told.isEmpty()) {
            return told.get(0);
        }
        return isHidden(name) ? null : super.getHeader(name);
    }

    @Override
    public Enumeration<String> getHeaders(String name) {
        List<String> told = of(name);
        if (told.isEmpty() && !isHidden(name)) {
            return super.getHeaders(name);
        }
        return Collections.enumeration(told);
    }

    @Override
    public Enumeration<String> getHeaderNames() {
        List<String> names = new ArrayList<>();
        ours.forEach(header -> names.add(header.name()));
        for (String name : Collections.list(super.getHeaderNames())) {
            if (!isHidden(name) && of(name).isEmpty()) {
                names.add(name);
            }
        }
        return Collections.enumeration(names);
    }

    @Override
    public int getIntHeader(String name) {
        String value = getHeader(name);
        return value == null ? -1 : Integer.parseInt(value.trim());
    }

    @Override
    public long getDateHeader(String name) {
        // Nothing of ours is a date.
        return getHeader(name) == null || !of(name).isEmpty() ? -1 : super.getDateHeader(name);
    }

    private boolean isHidden(String name) {
        return SpigotFilter.isOurs(name) || removed.stream().anyMatch(name::equalsIgnoreCase);
    }

    private List<String> of(String name) {
        return ours.stream().filter(header -> header.name().equalsIgnoreCase(name)).map(Header::value).toList();
    }
}
