internal import HTTPTypes
internal import Weights

extension WeightsError: AnsweredError {
    /// The bytes are the client's, so whatever is wrong with them is 400; a disk that fails is not.
    var status: HTTPResponse.Status {
        switch self {
        case .unreadable(let error), .unwritable(let error):
            (error.error as? any AnsweredError)?.status ?? .internalServerError
        case .update(_, let error): error.status
        case .sourceEnded, .zip, .member, .unexpectedMember, .missingMember, .arrayHeader, .arrayByteCount,
            .unevenByteCount, .tooLarge, .unknownFormat, .notAnArchive, .metadata, .formatMismatch, .newerVersion,
            .noUpdates, .invalidWeight, .arrayCountMismatch, .shapeMismatch, .elementTypeMismatch, .notAveraged:
            .badRequest
        }
    }

    /// FEDn's sentence first, which clients know; then why.
    var answer: String {
        switch self {
        case .unreadable(let error), .unwritable(let error):
            (error.error as? any AnsweredError)?.answer ?? unexpectedErrorMessage
        default: "Failed to add model. \(message)"
        }
    }
}
