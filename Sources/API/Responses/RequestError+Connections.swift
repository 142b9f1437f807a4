internal import Connections
internal import HTTPTypes
internal import JSON

extension RequestError {
    /// The message of a request that the connection handling refuses.
    init(_ refusal: ConnectionRefusal) {
        self =
            switch refusal {
            case .tooManyConnections(let countMax): .tooManyConnections(countMax: countMax)
            case .tooManyConnectionsOfAddress(let countMax): .tooManyConnectionsOfAddress(countMax: countMax)
            case .tooSlow: .tooSlow
            case .malformedRequest: .malformedRequest
            case .unknownVersion: .unknownVersion
            case .targetTooLong: .targetTooLong
            case .headTooLong: .headTooLong
            case .hostMissing: .hostMissing
            case .transferCoding: .transferCoding
            case .contentCoding: .contentCoding
            }
    }
}

extension RefusalAnswer {
    init(_ refusal: ConnectionRefusal) {
        let error = RequestError(refusal)
        self.init(
            statusCode: error.status.code,
            reasonPhrase: error.status.reasonPhrase,
            contentType: "application/json",
            body: JSON.object(["message": .string(error.answer)]).bytes
        )
    }
}
