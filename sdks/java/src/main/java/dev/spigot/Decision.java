package dev.spigot;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What to do with a request.
 *
 * @param id what support and outcome know it by; empty where failing open let it pass
 * @param action what the policy asks for: allow, log, throttle, challenge, shadow, block
 * @param effective what is done: in monitor mode always allow
 * @param risk 0 to 100
 * @param passes the application goes on, with requestHeaders; otherwise response is what to send
 * @param checked false only where failing open let it pass unseen
 * @param requestHeaders for the application, in place of what the visitor sent under these names
 * @param removeHeaders names of what was for Spigot alone, such as a client's key; the application does not see them
 * @param response there exactly when it does not pass, else null
 */
public record Decision(
        String id, String action, String effective, int risk, List<Reason> reasons, boolean passes, boolean checked,
        List<Header> requestHeaders, List<String> removeHeaders, Response response) {
    /** One finding. */
    public record Reason(String kind, String name, String gave, String evidence) {}

    /** What the visitor gets in place of the application's answer. */
    public record Response(int status, List<Header> headers, String body) {}

    /** One answer of decideAll: a decision, or why there is none; the other is null. */
    public record Decided(Decision decision, SpigotException error) {}

    static Decision unseen() {
        return new Decision("", "allow", "allow", 0, List.of(), true, false, List.of(), List.of(), null);
    }

    static Decision read(Object answer) throws SpigotException {
        Map<String, Object> told = Json.object(answer);
        boolean whole = told.get("id") instanceof String && told.get("action") instanceof String && told.get("effective") instanceof String;
        if (!whole || !(told.get("passes") instanceof Boolean passes)) {
            throw SpigotException.unreadable("the decision is not whole");
        }
        List<Reason> reasons = new ArrayList<>();
        for (Object item : Json.list(told.get("reasons"))) {
            Map<String, Object> reason = Json.object(item);
            reasons.add(new Reason(
                    Json.text(reason, "kind"), Json.text(reason, "name"), Json.text(reason, "gave"), Json.text(reason, "evidence")));
        }
        return new Decision(
                Json.text(told, "id"), Json.text(told, "action"), Json.text(told, "effective"),
                Math.max(0, Json.number(told, "risk")), List.copyOf(reasons), passes, true,
                Header.read(told.get("request_headers")), names(told.get("remove_headers")), passes ? null : response(told.get("response")));
    }

    static List<Decided> readBatch(Map<String, Object> answer, int wanted) throws SpigotException {
        List<?> told = Json.list(answer.get("decisions"));
        if (told.size() != wanted) {
            throw SpigotException.unreadable("there is not one decision for each request");
        }
        List<Decided> decided = new ArrayList<>();
        for (Object one : told) {
            Map<String, Object> problem = Json.object(Json.object(one).get("problem"));
            decided.add(problem.isEmpty()
                    ? new Decided(read(one), null)
                    : new Decided(null, SpigotException.ofProblem(problem, Json.number(problem, "status"), 0)));
        }
        return decided;
    }

    private static List<String> names(Object told) {
        return Json.list(told).stream().filter(String.class::isInstance).map(String.class::cast).toList();
    }

    private static Response response(Object answer) throws SpigotException {
        Map<String, Object> told = Json.object(answer);
        int status = Json.number(told, "status");
        if (status < 200 || status > 599) {
            throw SpigotException.unreadable("the decision does not say what to send");
        }
        return new Response(status, Header.read(told.get("headers")), Json.text(told, "body"));
    }
}
