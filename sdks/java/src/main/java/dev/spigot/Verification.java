package dev.spigot;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a token is worth.
 *
 * @param success it counts, and it is what was expected
 * @param checked false only where failing open let it pass unseen
 * @param codes why it does not count: the service's codes, action-mismatch, hostname-mismatch
 * @param solvedAt RFC 3339
 */
public record Verification(
        boolean success, boolean checked, List<String> codes, String hostname, String action, String data, String solvedAt) {
    static Verification of(boolean success, boolean checked, String... codes) {
        return new Verification(success, checked, List.of(codes), "", "", "", "");
    }

    static Verification read(Map<String, Object> answer, Expected expected) throws SpigotException {
        if (!(answer.get("success") instanceof Boolean success)) {
            throw SpigotException.unreadable("the answer does not say success");
        }
        List<String> codes = new ArrayList<>();
        for (Object code : Json.list(answer.get("error-codes"))) {
            if (code instanceof String text) {
                codes.add(text);
            }
        }
        for (String code : codes) {
            if (code.equals("missing-input-secret") || code.equals("invalid-input-secret")) {
                String detail = "check the secret with `spigot site show`";
                throw new SpigotException(SpigotException.Kind.REFUSED, code, 200, 0, detail, null);
            }
            if (code.equals("internal-error")) {
                String detail = "the token cannot be checked now";
                throw new SpigotException(SpigotException.Kind.UNAVAILABLE, code, 200, 0, detail, null);
            }
        }
        String action = Json.text(answer, "action");
        String hostname = Json.text(answer, "hostname");
        // A secret for tests knows no action and no host.
        boolean ofTests = Boolean.TRUE.equals(Json.object(answer.get("metadata")).get("result_with_testing_key"));
        if (success && !ofTests) {
            expect(codes, expected.action(), action, "action-mismatch");
            expect(codes, expected.hostname(), hostname, "hostname-mismatch");
        }
        return new Verification(
                success && codes.isEmpty(), true, List.copyOf(codes), hostname, action, Json.text(answer, "cdata"),
                Json.text(answer, "challenge_ts"));
    }

    private static void expect(List<String> codes, String expected, String found, String code) {
        if (expected != null && !expected.isEmpty() && !expected.equals(found)) {
            codes.add(code);
        }
    }
}
