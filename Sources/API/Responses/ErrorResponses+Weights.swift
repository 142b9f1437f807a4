internal import HTTPTypes
internal import Weights

extension WeightsError: AnsweredError {
    /// The bytes come from the client, so errors in them are 400; a disk failure is not.
    var status: HTTPResponse.Status {
        switch self {
        case .unreadable(let error), .unwritable(let error):
            (error.error as? any AnsweredError)?.status ?? .internalServerError
        case .update(_, let error): error.status
        case .emptyFile, .header, .sourceEnded, .zip, .member, .unexpectedMember, .missingMember, .arrayHeader,
            .arrayByteCount,
            .unevenByteCount, .tooLarge, .unknownFormat, .notAnArchive, .metadata, .formatMismatch, .newerVersion,
            .noUpdates, .invalidWeight, .arrayCountMismatch, .shapeMismatch, .elementTypeMismatch, .notAveraged:
            .badRequest
        }
    }

    /// FEDn's text, which clients compare, followed by the reason.
    var answer: String {
        switch self {
        case .unreadable(let error), .unwritable(let error):
            (error.error as? any AnsweredError)?.answer ?? unexpectedErrorMessage
        default: "Failed to add model. \(message)"
        }
    }
}
