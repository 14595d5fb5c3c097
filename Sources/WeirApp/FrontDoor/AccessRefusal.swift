import API
import HTTP
import Ingest

/// The messages of 401 and 403: why, and what to do.
enum AccessRefusal {
    /// The response to a known token without the needed scope.
    static func forbidden(_ missing: Scope, _ envelope: ErrorEnvelope) -> Response {
        envelope.response(.forbidden, "this token lacks the scope '\(missing.rawValue)'")
    }

    /// The response to a caller without a known token.
    ///
    /// If the surface has a message of its own, it is for the usual case: there are tokens, and this is none of them.
    static func unauthorized(
        _ reason: AccessPolicy.Reason,
        _ scope: Scope,
        _ envelope: ErrorEnvelope,
        authorization: String?
    ) -> Response {
        if reason == .tokensExist, let challenge = envelope.challenge {
            var response = envelope.response(.unauthorized, challenge(authorization))
            response.fields.append("WWW-Authenticate", "Bearer")
            return response
        }
        let message =
            "a token with the scope '\(scope.rawValue)' is needed\(why(reason)): send Authorization: Bearer <token>"
        var response = envelope.response(.unauthorized, message + whatToDo(reason, scope))
        response.fields.append("WWW-Authenticate", "Bearer realm=\"weir\"")
        response.fields.append("WWW-Authenticate", "Basic realm=\"weir\", charset=\"UTF-8\"")
        return response
    }

    private static func why(_ reason: AccessPolicy.Reason) -> String {
        switch reason {
        case .tokensExist, .notLocal(.local), .notLocal(.remote): ""
        case .tokensExisted: ", since there were tokens and all of them are revoked"
        case .notLocal(.forwarded(let field)):
            ", since the request came through a proxy (it carries the header \(field))"
        case .notLocal(.foreignPage): ", since a web page of another origin sent this request"
        }
    }

    private static func whatToDo(_ reason: AccessPolicy.Reason, _ scope: Scope) -> String {
        switch reason {
        case .tokensExist: ""
        case .notLocal(.foreignPage): ". WEIR_CORS_ORIGINS names the origins whose pages may call Weir."
        case .tokensExisted, .notLocal:
            """
            . The operator makes one with `weir token create NAME --scope \(scope.rawValue)`, or sets \
            WEIR_ALLOW_ANONYMOUS=true.
            """
        }
    }
}
