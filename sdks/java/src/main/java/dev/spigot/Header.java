package dev.spigot;

import java.util.ArrayList;
import java.util.List;

/** A header field. */
public record Header(String name, String value) {
    static List<Header> read(Object told) {
        List<Header> headers = new ArrayList<>();
        for (Object pair : Json.list(told)) {
            List<?> parts = Json.list(pair);
            if (parts.size() == 2 && parts.get(0) instanceof String name && parts.get(1) instanceof String value) {
                headers.add(new Header(name, value));
            }
        }
        return headers;
    }
}
