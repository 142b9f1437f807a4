internal import Control
internal import Federation
internal import HTTPTypes
internal import JSON
internal import Tokens

extension ControlError: AnsweredError {
    var status: HTTPResponse.Status {
        switch self {
        case .sessionIDMissing, .unknownSession, .sessionAlreadyRunning, .notEnoughClients, .seedModelMissing,
            .modelNotAveraged,
            .serverFunctions, .unknownAggregator, .commandTypeMissing, .commandTypeForbidden, .nothingRunning:
            .badRequest
        case .unknownModel, .unknownCommand: .notFound
        case .modelInUse: .conflict
        case .closed: .serviceUnavailable
        }
    }

    var answer: String { message }
}

extension TokenError: AnsweredError {
    /// 401 for every flaw of a token, as the official server answers and its clients expect.
    var status: HTTPResponse.Status {
        switch self {
        case .missing, .wrongScheme, .invalid, .expired: .unauthorized
        case .notPermitted, .tooManyIssuers: .forbidden
        case .unacceptableLifetime, .unacceptableSubject: .badRequest
        case .store(let error): error.status
        }
    }

    /// The message without details: why a token is invalid is only logged.
    var answer: String {
        switch self {
        case .missing: "Missing token"
        case .wrongScheme: "Invalid token scheme, expected Bearer"
        case .invalid: "Invalid token"
        case .expired: "Token expired"
        case .notPermitted(let role):
            "Insufficient permissions: you may not create a token of the role '\(role.rawValue)'"
        case .tooManyIssuers:
            "Your token was issued through too many others to issue more; use one that was issued more directly"
        case .unacceptableLifetime(let allowed):
            "The lifetime must be \(allowed.lowerBound) to \(allowed.upperBound)"
        case .unacceptableSubject: "The name must have 1 to \(TokenAuthority.subjectByteCountMax) bytes"
        case .store(let error): error.answer
        }
    }

    var logText: String {
        switch self {
        case .invalid(let flaw): "\(answer): \(flaw.text)"
        case .expired(let moment): "\(answer) at \(moment)"
        case .store(let error): error.logText
        case .missing, .wrongScheme, .notPermitted, .tooManyIssuers, .unacceptableLifetime, .unacceptableSubject: answer
        }
    }
}

extension TokenFlaw {
    fileprivate var text: String {
        switch self {
        case .tooLong: "it is too long"
        case .malformed: "it is malformed"
        case .algorithm: "it has another algorithm or a critical extension"
        case .signature: "another key signed it"
        case .claim(let name): "its claim \(name) is missing or invalid"
        case .notYetValid: "it is not valid yet"
        case .purpose(let role): "the role \(role.rawValue) is not accepted here"
        case .revoked: "it is revoked"
        case .reused: "it was used before"
        }
    }
}

extension ArraySyntaxError: AnsweredError {
    var status: HTTPResponse.Status { .badRequest }
    var answer: String { "Broken JSON: \(message)" }
}
