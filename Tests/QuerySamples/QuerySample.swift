package import JSON
package import TestSupport

/// Random documents, and random conditions on their fields.
package enum QuerySample {
    /// The fields that have an index.
    package static let indexedPaths: [FieldPath] = ["kind", "tags", "sender.name", "rank", "both"]
    /// Fields with and without an index.
    package static let paths = [
        "kind", "tags", "sender.name", "rank", "both", "free", "free.inner", "nothing", "committed_at", "thing_id",
        "event_id",
    ]
    private static let texts = [
        "1", "1.0", "2", "-3", "10", "1e1", "true", "null", "idle", "Idle", "é", "", "2026-11-23T19:16:04Z",
        "2026-11-23T20:16:04+01:00", "2026-11-24", "x,y", "007",
    ]

    /// A document of every shape the indexes meet, without a key.
    package static func document(_ generator: inout SeededGenerator) -> JSONObject {
        var document: JSONObject = [:]
        for path in ["kind", "rank", "both", "free"] where Int.random(in: 0..<5, using: &generator) > 0 {
            document[path] = value(&generator)
        }
        if Bool.random(using: &generator) {
            document["tags"] = .array((0..<Int.random(in: 0..<3, using: &generator)).map { _ in value(&generator) })
        }
        if Bool.random(using: &generator) { document["sender"] = ["name": value(&generator)] }
        return document
    }

    private static func value(_ generator: inout SeededGenerator) -> JSON {
        switch Int.random(in: 0..<12, using: &generator) {
        case 0: .null
        case 1: .bool(.random(using: &generator))
        case 2...4: .number(JSONNumber(Int64.random(in: -3...12, using: &generator)))
        case 5: [1, "idle", nil]
        case 6: ["inner": .string(text(&generator))]
        default: .string(text(&generator))
        }
    }

    private static func text(_ generator: inout SeededGenerator) -> String {
        texts.randomElement(using: &generator) ?? ""
    }

    /// Conditions on random fields, some of which have an index.
    package static func parameters(_ generator: inout SeededGenerator, ids: [String]) -> [QueryParameter] {
        (0..<Int.random(in: 0...2, using: &generator)).map { _ in
            let path = paths.randomElement(using: &generator) ?? ""
            let suffix = ["", "", "eq", "ne", "lt", "lte", "gt", "gte"].randomElement(using: &generator) ?? ""
            var value = text(&generator)
            if path.hasSuffix("_id"), let id = ids.randomElement(using: &generator) { value = id }
            if path == "committed_at" {
                let moment = 1_780_000_000_000_000 + Int64.random(in: 0..<400, using: &generator)
                value = Timestamp(microseconds: moment).description
            }
            return QueryParameter(path: path, suffix: suffix, value: value)
        }
    }
}
