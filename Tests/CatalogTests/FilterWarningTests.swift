import Catalog
import Index
import JSON
import Store
import Testing

/// Conditions that cannot be read, and warnings about those that are probably mistakes.
struct FilterWarningTests {
    private static func warnings(_ name: String, _ value: JSON, of resource: Resource = .telemetry) throws -> [String] {
        var body = JSONObject()
        body[name] = value
        let warnings = try resource.requestedFilter(body: .object(body)).warnings.texts
        if let text = value.string, !text.contains(",") {
            let inAURL = try resource.requestedFilter(query: [(name: name, value: text)]).warnings.texts
            #expect(inAURL == warnings)
            #expect(try resource.requestedFilter(form: [(name: name, value: text)]).warnings.texts == warnings)
        }
        return warnings
    }

    @Test(arguments: [
        ("keyy", "telemetry has no field 'keyy'; did you mean 'key'?"),
        ("vlaue__gt", "telemetry has no field 'vlaue'; did you mean 'value'?"),
        ("role", "telemetry has no field 'role'; did you mean 'sender.role'?"),
        ("sender.client", "telemetry has no field 'sender.client'"),
        ("id", "telemetry has no field 'id'; did you mean 'telemetry_id'?"),
        ("limit", "telemetry has no field 'limit'; page with the headers X-Limit and X-Skip"),
        ("order_by", "telemetry has no field 'order_by'; sort with the headers X-Sort-Key and X-Sort-Order"),
        ("explain", "telemetry has no field 'explain'; explain=1 belongs in the URL"),
        ("value.maximum", "telemetry has no field 'value.maximum'"),
        ("", "telemetry has no field ''"),
    ])
    func unknownFieldIsNamedWithARemedy(_ name: String, _ expected: String) throws {
        #expect(try Self.warnings(name, "1") == [expected])
    }

    @Test(arguments: ["greater", "", "GT", "in"])
    func unknownOperatorIsNamedWithARemedy(_ name: String) throws {
        let remedy =
            name == "in"
            ? "send alternatives as a list in the body of a POST"
            : "the operators are __eq, __ne, __gt, __gte, __lt and __lte"
        let fact = "the condition on 'value' is ignored because it has no operator '__\(name)'"
        #expect(try Self.warnings("value__\(name)", "0.4") == ["\(fact); \(remedy)"])
    }

    @Test(arguments: Resource.all)
    func declaredNamesCauseNoWarning(_ resource: Resource) throws {
        let names = resource.fields.map(\.name) + resource.schema.indexes.map(\.text) + resource.aliases.keys
        for name in names + Resource.stamps + ["extra", "extra.sender.ip"] {
            #expect(try Self.warnings(name, "null", of: resource) == [])
            #expect(try Self.warnings("\(name)__ne", .null, of: resource) == [])
        }
    }

    @Test(arguments: ["payload.a.b", "meta.unit", "payload", "payload.0"])
    func memberOfFreeJSONCausesNoWarning(_ name: String) throws {
        #expect(try Self.warnings(name, "null") == [])
    }

    @Test func memberOfADeclaredObjectIsKnown() throws {
        #expect(try Self.warnings("session_config.rounds", 3, of: .sessions) == [])
        let warnings = try Self.warnings("session_config.round", 3, of: .sessions)
        #expect(warnings == ["sessions has no field 'session_config.round'; did you mean 'session_config.rounds'?"])
    }

    static let misfits: [(String, JSON, String)] = [
        ("value__gt", "much", "'value__gt' can match only a number or null, not 'much'"),
        ("value", ["1", true], "'value' can match only a number or null, not 'true'"),
        ("value", ["1,5"], "'value' can match only a number or null, not '1,5'"),
        ("sender", "c", "'sender' names an object, which can match only null; name a member with a dot"),
        (
            "key", ["$gt": "a"],
            "'key' has an array or object as a value, which matches nothing; operators are part of the name: field__gt"
        ),
        ("value__gt", [1, 2], "'value__gt' has several values, of which a comparison matches none; send one value"),
    ]

    @Test(arguments: misfits)
    func valueThatNoDocumentCanHaveIsNamed(_ name: String, _ value: JSON, _ expected: String) throws {
        #expect(try Self.warnings(name, value) == [expected])
    }

    @Test func bodyThatIsNoObjectIsNamed() throws {
        let warnings = try Resource.telemetry.requestedFilter(body: [1]).warnings.texts
        #expect(warnings == ["the body is not a JSON object, so it has no conditions"])
    }

    @Test func unknownSortKeyIsNamed() throws {
        var requested = RequestedFilter()
        requested.check(sortKey: nil, of: .telemetry)
        requested.check(sortKey: "value", of: .telemetry)
        #expect(requested.warnings.texts == [])
        requested.check(sortKey: "valeu", of: .telemetry)
        #expect(requested.warnings.texts == ["telemetry has no field 'valeu'; did you mean 'value'? (X-Sort-Key)"])
    }

    @Test func numberOfWarningsIsBounded() throws {
        let names = (0..<1_000).map { (name: "unknown-\($0)__x", value: "1") }
        let texts = try Resource.telemetry.requestedFilter(query: names).warnings.texts
        #expect(texts.count == 17)
        #expect(texts.last == "984 more warnings")
    }

    @Test func longNameIsShortened() throws {
        let warning = try #require(try Self.warnings(String(repeating: "x", count: 10_000), "1").first)
        #expect(warning.utf8.count < 200)
    }
}

struct TimeFilterTests {
    private static let date = "Mon, 23 Nov 2020 19:36:20 GMT"
    private static let instant = Operand(text: "2020-11-23T19:36:20Z")

    @Test(arguments: ["committed_at", "updated_at", "timestamp"])
    func everyNotationOfATimeIsUnderstood(_ name: String) throws {
        for text in [Self.date, "2020-11-23T20:36:20+01:00", " 2020-11-23 19:36:20 ", "1606160180"] {
            let expected = Filter([Condition(FieldPath(name), .greaterOrEqual(Self.instant))])
            let condition = [(name: "\(name)__gte", value: text)]
            #expect(try Resource.telemetry.requestedFilter(query: condition).filter == expected)
            #expect(try Resource.telemetry.requestedFilter(form: condition).filter == expected)
            #expect(try Resource.telemetry.requestedFilter(body: ["\(name)__gte": .string(text)]).filter == expected)
        }
    }

    @Test func commaAfterTheNameOfADayDoesNotSeparateAlternatives() throws {
        let later = Operand(text: "2020-11-24T19:36:20Z")
        let expected = Filter([Condition("timestamp", .anyOf([Self.instant, later]))])
        let text = "\(Self.date), Tue, 24 Nov 2020 19:36:20 GMT"
        #expect(try Resource.telemetry.requestedFilter(body: ["timestamp": .string(text)]).filter == expected)
        #expect(try Resource.telemetry.requestedFilter(form: [("timestamp", text)]).filter == expected)
    }

    static let invalid: [(String, JSON, String)] = [
        ("committed_at__gte", "yesterday", "yesterday"), ("timestamp", "", ""), ("timestamp__ne", true, "true"),
        ("timestamp", ["2020-11-23", "x"], "x"), ("timestamp", "2020-11-23,x", "x"),
        ("updated_at", ["a": 1], "an array or object"), ("updated_at", 1e300, "1e+300"),
        ("timestamp__lt", "2020-11-23T20:36:20 01:00", "2020-11-23T20:36:20 01:00"),
    ]

    @Test(arguments: invalid)
    func unreadableTimeIsRefused(_ name: String, _ value: JSON, _ quoted: String) {
        #expect(throws: ValidationError.notATime(field: name, value: quoted)) {
            try Resource.telemetry.requestedFilter(body: [name: value])
        }
    }

    @Test func errorNamesTheFieldWithTheAcceptedNotations() {
        let message = ValidationError.notATime(field: "committed_at__gte", value: "yesterday").message
        #expect(message.hasPrefix("'committed_at__gte' must be a time, not 'yesterday'; write 2026-11-23T19:16:04Z, "))
        for text in ["2026-11-23T19:16+01:00", "2026-11-23", "Mon, 23 Nov 2026 19:16:04 GMT"] {
            #expect(message.contains(text))
            #expect(Timestamp(parsing: text) != nil)
        }
    }

    @Test func nullIsNoTimeButValid() throws {
        let expected = Filter([Condition("timestamp", .anyOf([Operand(.null)]))])
        #expect(try Resource.telemetry.requestedFilter(body: ["timestamp": .null]).filter == expected)
        for text in ["null", "NULL"] {
            let filter = try Resource.telemetry.requestedFilter(query: [("timestamp", text)]).filter
            #expect(filter == Filter([Condition("timestamp", .equal(text))]))
        }
    }
}
