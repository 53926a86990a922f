package dev.spigot.servlet;

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

    Told(HttpServletRequest request, List<Header> ours) {
        super(request);
        this.ours = ours;
    }

    @Override
    public String getHeader(String name) {
        List<String> told = of(name);
        if (!told.isEmpty()) {
            return told.get(0);
        }
        return SpigotFilter.isOurs(name) ? null : super.getHeader(name);
    }

    @Override
    public Enumeration<String> getHeaders(String name) {
        List<String> told = of(name);
        if (told.isEmpty() && !SpigotFilter.isOurs(name)) {
            return super.getHeaders(name);
        }
        return Collections.enumeration(told);
    }

    @Override
    public Enumeration<String> getHeaderNames() {
        List<String> names = new ArrayList<>();
        ours.forEach(header -> names.add(header.name()));
        for (String name : Collections.list(super.getHeaderNames())) {
            if (!SpigotFilter.isOurs(name) && of(name).isEmpty()) {
                names.add(name);
            }
        }
        return Collections.enumeration(names);
    }

    private List<String> of(String name) {
        return ours.stream().filter(header -> header.name().equalsIgnoreCase(name)).map(Header::value).toList();
    }
}
