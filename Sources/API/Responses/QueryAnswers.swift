internal import Federation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import Index
internal import JSON
internal import NIOCore
internal import Store

extension DocumentCollection {
    /// Answers a list, on request with the query plan; for HEAD, it reads no document of the result.
    func answer(
        _ query: Query,
        warnings: [String],
        to request: Request,
        _ context: LedgeContext
    ) async throws -> Response {
        // The length of an empty list is known without its documents.
        let count = try await request.method == .head ? timed { [self] in try self.count(query.filter) }.0 : 0
        if count > 0 {
            var response = try await answerCount(of: query.filter, warnings: warnings, isExplained: false)
            response.headers[.transferEncoding] = "chunked"
            return response
        }
        let ((documents, walk), timing) = try await timed { [self] in
            try self.walk(query, wholeUpTo: DocumentList.wholeByteCountMax)
        }
        let list = DocumentList(
            walk: walk,
            explainedWarnings: request.asksForPlan ? warnings : nil,
            channel: context.channel,
            logger: context.logger
        )
        let headers: HTTPFields = [
            .contentType: "application/json", .serverTiming: timing.header(scannedCount: walk.plan.recordsScanned),
        ]
        let body = try walk.isAtEnd ? list.body(documents) : list.body()
        return noting(warnings, Response(status: .ok, headers: headers, body: body))
    }

    /// Answers a count: a number, or on request with the query plan: `{"count":N,"explain":{…}}`.
    func answerCount(of filter: Filter, warnings: [String], isExplained: Bool) async throws -> Response {
        let ((count, plan), timing) = try await timed { [self] in try counted(filter) }
        let answer: JSON = isExplained ? ["count": JSON(count), "explain": plan.json(warnings)] : JSON(count)
        let headers: HTTPFields = [.serverTiming: timing.header(scannedCount: plan.recordsScanned)]
        return noting(warnings, Response(answer, headers: headers))
    }

    /// Adds a header for the warnings about conditions, one if documents may be missing because the collection is damaged,
    /// and one if conditions on times may miss documents because their times are later than the clock.
    func noting(_ warnings: [String], _ response: Response) -> Response {
        var response = response
        if !warnings.isEmpty { response.headers[.ledgeWarning] = warnings.headerText }
        let count = damage.count
        if count > 0 {
            response.headers[.ledgeDamage] = "\(schema.name) is damaged in \(count) \(count == 1 ? "place" : "places")"
        }
        if let lead = clockLead {
            let records = "\(schema.name) has records"
            response.headers[.ledgeClock] = "\(records) up to \(lead.text) later than the server's clock"
        }
        return response
    }

    private func timed<Value: Sendable>(
        _ ask: @escaping @Sendable () throws -> Value
    ) async throws -> (Value, QueryTiming) {
        try await onThreadPool {
            let start = ContinuousClock.now
            let value = try ask()
            return (value, QueryTiming(duration: ContinuousClock.now - start))
        }
    }
}

extension [String] {
    private static let headerByteCountMax = 1_024

    /// The texts in one header of printable ASCII: other bytes and % are percent-encoded, and a long header is cut off.
    var headerText: String {
        var text = ""
        for byte in joined(separator: "; ").utf8 {
            let isPlain = (0x20...0x7e).contains(byte) && byte != UInt8(ascii: "%")
            let next = isPlain ? String(UnicodeScalar(byte)) : "%\(Hexadecimal.text([byte]))"
            guard text.utf8.count + next.utf8.count <= Self.headerByteCountMax - 3 else { return "\(text)..." }
            text += next
        }
        return text
    }
}

/// How long a query took, for `Server-Timing`.
///
/// Shape: `scan;desc="12 documents read", query;dur=0.412`, the first part only if documents were read to evaluate
/// conditions. Source: https://www.w3.org/TR/server-timing/.
struct QueryTiming: Sendable {
    let duration: Duration

    func header(scannedCount: Int) -> String {
        let microseconds = Int64(duration / .microseconds(1))
        let fraction = String(1_000 + microseconds % 1_000).dropFirst()
        let time = "query;dur=\(microseconds / 1_000).\(fraction)"
        return scannedCount > 0 ? #"scan;desc="\#(scannedCount) documents read", \#(time)"# : time
    }
}

extension Request {
    /// Whether the URL says `explain=1`.
    var asksForPlan: Bool {
        query[Endpoint.Parameter.explain.name].map { ["1", "true"].contains($0.lowercased()) } ?? false
    }
}
