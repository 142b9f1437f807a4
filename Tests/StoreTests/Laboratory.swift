import Disk
import JSON
import NIOConcurrencyHelpers
import Store
import TestSupport

/// A store on a disk in memory, with the schemas and the random documents the tests of this target share.
struct Laboratory: Sendable {
    /// Documents that are replaced and deleted.
    static let things = CollectionSchema(name: "things", key: "thing_id", indexes: indexes, isAppendOnly: false)
    /// Events: only ever inserted.
    static let events = CollectionSchema(name: "events", key: "event_id", indexes: indexes, isAppendOnly: true)

    private static let indexes = [
        FieldIndex(path: "kind", kind: .postings),
        FieldIndex(path: "tags", kind: .postings),
        FieldIndex(path: "sender.name", kind: .postings),
        FieldIndex(path: "rank", kind: .ordered),
        FieldIndex(path: "both", kind: .postings),
        FieldIndex(path: "both", kind: .ordered),
    ]
    static let paths = [
        "kind", "tags", "sender.name", "rank", "both", "free", "free.inner", "nothing", "committed_at", "thing_id",
        "event_id",
    ]
    private static let texts = [
        "1", "1.0", "2", "-3", "10", "1e1", "true", "null", "idle", "Idle", "é", "", "2026-11-23T19:16:04Z",
        "2026-11-23T20:16:04+01:00", "2026-11-24", "x,y", "007",
    ]

    var segmentByteCountMax: Int64 = 2_000
    var eventRetention: Retention?
    var reserveByteCount: Int64?
    private let time = NIOLockedValueBox(Int64(1_780_000_000_000_000))

    /// Opens a store whose clock advances by a microsecond at every look.
    func open(_ disk: any Disk) throws -> Store {
        var options = Store.Options()
        options.segmentByteCountMax = segmentByteCountMax
        options.retention["events"] = eventRetention
        options.reserveByteCount = reserveByteCount
        return try Store.open("data", schemas: [Self.things, Self.events], options: options, on: disk) { [time] in
            Timestamp(
                microseconds: time.withLockedValue {
                    $0 += 1
                    return $0
                }
            )
        }
    }

    /// A document of every shape the indexes meet, without a key.
    static func document(_ generator: inout SeededGenerator) -> JSONObject {
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
    static func parameters(_ generator: inout SeededGenerator, ids: [String]) -> [Oracle.Parameter] {
        (0..<Int.random(in: 0...2, using: &generator)).map { _ in
            let path = paths.randomElement(using: &generator) ?? ""
            let suffix = ["", "", "eq", "ne", "lt", "lte", "gt", "gte"].randomElement(using: &generator) ?? ""
            var value = text(&generator)
            if path.hasSuffix("_id"), let id = ids.randomElement(using: &generator) { value = id }
            if path == "committed_at" {
                let moment = 1_780_000_000_000_000 + Int64.random(in: 0..<400, using: &generator)
                value = Timestamp(microseconds: moment).description
            }
            return Oracle.Parameter(path: path, suffix: suffix, value: value)
        }
    }
}

extension Filter {
    init(_ parameters: [Oracle.Parameter]) {
        self.init(parameters.map { Condition(FieldPath($0.path), .named($0.suffix, Operand(text: $0.value))) })
    }

    /// Documents whose field equals a value, as a URL spells it.
    static func equal(_ path: FieldPath, _ value: String) -> Filter {
        Filter([Condition(path, .equal(value))])
    }
}

extension Condition.Test {
    /// The test that the suffix of an ``Oracle/Parameter`` names.
    static func named(_ suffix: String, _ operand: Operand) -> Condition.Test {
        switch suffix {
        case "ne": .noneOf([operand])
        case "lt": .less(operand)
        case "lte": .lessOrEqual(operand)
        case "gt": .greater(operand)
        case "gte": .greaterOrEqual(operand)
        default: .anyOf([operand])
        }
    }
}

extension Document {
    /// The document, parsed.
    var json: JSON {
        get throws { try JSON(parsing: bytes) }
    }
}
