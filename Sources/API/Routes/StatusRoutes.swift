internal import Catalog
internal import Federation
internal import Hummingbird
internal import HummingbirdCore
internal import JSON
internal import Store

/// The routes of `statuses` besides the generic ones.
struct StatusRoutes: Sendable {
    let statuses: DocumentCollection

    /// The default of the reference.
    private static let bucketCountDefault = 50
    private static let bucketCountMax = 200
    private static let names: Set<String> = ["buckets", "start_date", "end_date"]

    init(store: Store) {
        statuses = store.collection(Resource.statuses.name)
    }

    func add(to table: inout RouteTable) {
        table.add(
            .get("statuses/histogram"),
            "Counts statuses by the time they were stored, in equal time spans.",
            parameters: [
                .query("buckets", .string, "Number of spans; default: 50, maximum: 200"),
                .query("start_date", .timestamp, "Start of the first span; default: the oldest status"),
                .query(
                    "end_date",
                    .timestamp,
                    "End of the last span; default: after the newest status"
                ),
                .query("type"), .query("session_id"), .query("log_level"), .query("sender.name"),
                .query("sender.role"),
            ],
            answers: .ok(.array(.object([.required("timestamp", .timestamp), .required("count", .count)]))),
            .refused(400, "A date is invalid, or the end is not after the start"),
            use: histogram
        )
    }

    /// Answers an array; it is empty if no status matches and a date is missing.
    @Sendable func histogram(_ request: Request, context: LedgeContext) async throws -> Response {
        let query = request.query
        let bucketCount = query["buckets"].flatMap { Int($0) } ?? Self.bucketCountDefault
        let start = try Self.date("start_date", in: query)
        let end = try Self.date("end_date", in: query)
        if let start, let end, start >= end {
            throw ValidationError.malformedField("end_date", expected: "later than start_date")
        }
        let requested = try Resource.statuses.filter(in: request, except: Self.names)
        let buckets = try await onThreadPool { [statuses] in
            try statuses.histogram(
                requested.filter,
                from: start,
                until: end,
                bucketCount: min(max(bucketCount, 1), Self.bucketCountMax)
            )
        }
        return statuses.noting(
            requested.warnings.texts,
            Response(.array(buckets.map { ["timestamp": .string($0.start.description), "count": JSON($0.count)] }))
        )
    }

    private static func date(_ name: String, in query: FormFields) throws(ValidationError) -> Timestamp? {
        guard let text = query[name], !text.isEmpty else { return nil }
        guard let date = Timestamp(parameter: text) else { throw .notATime(field: name, value: text) }
        return date
    }
}
