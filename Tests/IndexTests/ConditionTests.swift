import JSON
import Testing

@testable import Index

/// The results of `?f=…` and `?f__gt=…` for a document with one field `f`.
struct ConditionTests {
    private static let operands = [
        "1", "1.0", "2", "true", "True", "null", "NULL", "idle", "1,2", "", "2026-11-23T19:16:04Z",
        "2026-11-23T20:16:04+01:00",
        "2026-11-24", "007",
    ]

    /// A value in a document, and the `operands` that it equals; `-` means a missing field.
    static let equality: [(value: String, equals: [String])] = [
        ("1", ["1", "1.0"]),
        ("1.0", ["1", "1.0"]),
        ("\"1\"", ["1"]),
        ("\"1.0\"", ["1.0"]),
        ("2", ["2"]),
        ("7", []),
        ("\"007\"", ["007"]),
        ("true", ["true", "True"]),
        ("false", []),
        ("\"true\"", ["true"]),
        ("null", ["null", "NULL"]),
        ("-", ["null", "NULL"]),
        ("\"null\"", ["null"]),
        ("\"idle\"", ["idle"]),
        ("\"\\u0069dle\"", ["idle"]),
        ("\"Idle\"", []),
        ("\"1,2\"", ["1,2"]),
        ("\"\"", [""]),
        ("\"2026-11-23T19:16:04.000000Z\"", ["2026-11-23T19:16:04Z", "2026-11-23T20:16:04+01:00"]),
        ("\"2026-11-23T19:16:04.000001Z\"", []),
        ("\"2026-11-24T00:00:00Z\"", ["2026-11-24"]),
        ("[]", []),
        ("{}", []),
        ("{\"a\":1}", []),
        ("[1,\"idle\"]", ["1", "1.0", "idle"]),
        ("[null]", ["null", "NULL"]),
        ("[[2],{\"a\":1}]", []),
    ]

    @Test(arguments: equality)
    func equalityComparesAllInterpretations(_ value: String, _ equals: [String]) {
        for operand in Self.operands {
            let found = holds(value, .equal(operand))
            #expect(found == equals.contains(operand), "\(value) = \(operand)")
            #expect(holds(value, .notEqual(operand)) == !found, "\(value) != \(operand)")
        }
    }

    /// A value, an operand, and the comparisons that hold between them.
    static let comparisons: [(value: String, operand: String, holding: String)] = [
        ("9", "10", "lt lte"),
        ("10", "10", "lte gte"),
        ("10.5", "10", "gt gte"),
        ("\"9\"", "10", "lt lte"),
        ("\"10\"", "1e1", "lte gte"),
        ("9007199254740993", "9007199254740992", "gt gte"),
        ("\"2026-11-23T19:16:04Z\"", "2026-11-23T20:16:05+01:00", "lt lte"),
        ("\"2026-11-23T19:16:04Z\"", "2026-11-23 19:16:04", "lte gte"),
        ("\"2026-11-23T19:16:04Z\"", "2020-01-01", "gt gte"),
        ("\"b\"", "a", "gt gte"),
        ("\"B\"", "a", "lt lte"),
        ("\"a\"", "a", "lte gte"),
        ("\"aa\"", "a", "gt gte"),
        ("false", "true", "lt lte"),
        ("[1,20]", "10", "lt lte gt gte"),
        // Mixed kinds do not compare.
        ("\"pending\"", "10", ""),
        ("\"pending\"", "2026-11-23", ""),
        ("9", "pending", ""),
        ("\"9\"", "pending", ""),
        ("9", "2026-11-23", ""),
        ("true", "1", ""),
        ("1", "true", ""),
        // Null cannot be compared, not even with itself.
        ("null", "10", ""),
        ("-", "10", ""),
        ("null", "null", ""),
        ("-", "null", ""),
        ("1", "null", ""),
        ("{}", "10", ""),
        ("[]", "10", ""),
    ]

    @Test(arguments: comparisons)
    func comparisonsHoldWithinOneKind(_ value: String, _ operand: String, _ holding: String) {
        let tests: [(String, (Operand) -> Condition.Test)] = [
            ("lt", Condition.Test.less), ("lte", Condition.Test.lessOrEqual),
            ("gt", Condition.Test.greater), ("gte", Condition.Test.greaterOrEqual),
        ]
        let found = tests.filter { holds(value, $0.1(Operand(text: operand))) }.map(\.0).joined(separator: " ")
        #expect(found == holding, "\(value), \(operand)")
    }

    @Test func operandsOfABodyAreParsedLikeText() {
        for (json, text) in [
            (JSON.number(JSONNumber(1)), "1"), (1.5, "1.5"), ("idle", "idle"), ("1", "1"), (true, "true"),
            (false, "false"),
        ] {
            #expect(Operand(json) == Operand(text: text))
        }
        for value in ["null", "-"] {
            #expect(holds(value, .anyOf([Operand(.null)])))
        }
        #expect(!holds("\"null\"", .anyOf([Operand(.null)])))
        for json: JSON in [[1], ["a": 1], []] {
            #expect(!Self.equality.contains { holds($0.value, .anyOf([Operand(json)])) })
            #expect(!Self.equality.contains { holds($0.value, .greaterOrEqual(Operand(json))) })
        }
    }

    @Test func pathsTraverseNestedValues() {
        let document = #"{"sender":{"name":"a","role":null},"runs":[{"n":1},{"n":[2,3]},{}],"sender.name":"no"}"#
        let cases: [(String, String, Bool)] = [
            ("sender.name", "a", true), ("sender.name", "b", false), ("sender.role", "null", true),
            ("sender.client_id", "null", true), ("sender", "a", false), ("sender", "null", false),
            ("runs.n", "1", true), ("runs.n", "3", true), ("runs.n", "4", false), ("runs.n", "null", false),
            ("nothing.at.all", "null", true), ("nothing", "a", false),
        ]
        for (path, operand, expected) in cases {
            let condition = Condition(FieldPath(path), .equal(operand))
            #expect(
                Array(document.utf8).withUnsafeBytes { condition.holds(in: $0) } == expected,
                "\(path) = \(operand)"
            )
        }
    }

    private func holds(_ value: String, _ test: Condition.Test) -> Bool {
        let document = value == "-" ? #"{"other":1}"# : #"{"other":1,"f":\#(value),"g":2}"#
        return Array(document.utf8).withUnsafeBytes { Condition("f", test).holds(in: $0) }
    }
}
