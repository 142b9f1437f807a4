internal import JSON
internal import Store

extension QueryPlan {
    /// The plan for clients, with the warnings about the conditions.
    ///
    /// Shape:
    ///
    ///     {"segments":9,"segments_skipped":6,"segments_counted":1,"segments_read":2,"records_read":20,
    ///      "records_scanned":0,"order":"column","sort_key":"value",
    ///      "conditions":[{"field":"client_id","answered_by":"postings"}],"warnings":[]}
    func json(_ warnings: [String]) -> JSON {
        [
            "segments": JSON(segmentCount),
            "segments_skipped": JSON(segmentsSkipped),
            "segments_counted": JSON(segmentsCounted),
            "segments_read": JSON(segmentsRead),
            "records_read": JSON(recordsRead),
            "records_scanned": JSON(recordsScanned),
            "order": order.map { .string($0.name) } ?? .null,
            "sort_key": order?.path.map { .string($0.text) } ?? .null,
            "conditions": .array(
                conditions.map { ["field": .string($0.path.text), "answered_by": .string($0.answeredBy.name)] }
            ),
            "warnings": .array(warnings.map { .string($0) }),
        ]
    }

    static let schema = Schema.object([
        .required("segments", .count, "Segments of the log when the query began"),
        .required("segments_skipped", .count, "Segments that cannot contain a match"),
        .required("segments_counted", .count, "Segments whose index had the count"),
        .required("segments_read", .count, "Segments whose rows were enumerated"),
        .required("records_read", .count, "Documents returned"),
        .required("records_scanned", .count, "Documents read only to evaluate conditions"),
        .required(
            "order",
            .nullable(.oneOf(["log", "column", "ranked"])),
            "log: as they were stored; column: from sorted values of an index; ranked: by comparing matches; null: a count"
        ),
        .required("sort_key", .nullable(.string), "The field of that order; null without one"),
        .required(
            "conditions",
            .array(
                .object([
                    .required("field"),
                    .required("answered_by", .oneOf(["key", "postings", "committed_at", "scan"])),
                ])
            ),
            "For each condition the index that answered it, or scan if documents had to be read"
        ),
        .required("warnings", .texts, "What is probably a mistake in the request, as in the header Ledge-Warning"),
    ])
}

extension QueryPlan.Order {
    fileprivate var name: String {
        switch self {
        case .log: "log"
        case .column: "column"
        case .ranked: "ranked"
        }
    }

    fileprivate var path: FieldPath? {
        switch self {
        case .log: nil
        case .column(let path), .ranked(let path): path
        }
    }
}

extension QueryPlan.Source {
    fileprivate var name: String {
        switch self {
        case .key: "key"
        case .postings: "postings"
        case .committedAt: "committed_at"
        case .scan: "scan"
        }
    }
}
