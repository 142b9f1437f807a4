import Index
import JSON
import Testing

@testable import Catalog

struct FormTests {
    @Test func textIsReadAsItsField() throws {
        let form: [(name: String, value: String)] = [
            ("key", "7"), ("value", "1.5"), ("meta", #"{"a":1}"#), ("sender.client_id", "c"), ("value", "2"),
        ]
        let object = Resource.telemetry.object(form: form)
        #expect(object == ["key": "7", "value": 1.5, "meta": ["a": 1], "sender": ["client_id": "c"]])
        #expect(throws: Never.self) { try Resource.telemetry.validate(object) }
    }

    @Test func whatCannotBeReadStaysText() {
        let object = Resource.telemetry.object(form: [("value", "much")])
        #expect(object["value"] == "much")
        #expect(throws: ValidationError.wrongKind(field: "value", expected: .number)) {
            try Resource.telemetry.validate(object)
        }
    }
}

struct ResourceFilterTests {
    @Test func anAliasIsAnotherNameOfAPath() {
        let expected = Filter([Condition("sender.client_id", .equal("c"))])
        #expect(Resource.statuses.filter(query: [("client_id", "c")]) == expected)
        #expect(Resource.statuses.filter(body: ["client_id": "c"]) == expected)
        #expect(Resource.statuses.path("client_id") == "sender.client_id")
    }

    @Test func aFieldIsItself() {
        let expected = Filter([Condition("client_id", .equal("c"))])
        #expect(Resource.telemetry.filter(query: [("client_id", "c")]) == expected)
    }

    @Test func rolesAreComparedInLowerCase() {
        let expected = Filter([Condition("sender.role", .equal("client"))])
        #expect(Resource.statuses.filter(query: [("sender.role", "CLIENT")]) == expected)
        #expect(Resource.statuses.filter(form: [("sender.role", "Client")]) == expected)
        #expect(Resource.statuses.filter(body: ["sender.role": ["CLIENT"]]) == expected)
    }

    @Test func aNumberIsAnInstantWhereTheFieldIsOne() {
        let instant = Operand(text: "1970-01-01T00:00:01.5Z")
        let later = Filter([Condition("committed_at", .greater(instant))])
        #expect(Resource.telemetry.filter(query: [("committed_at__gt", "1.5")]) == later)
        #expect(Resource.telemetry.filter(body: ["committed_at__gt": 1.5]) == later)
        let either = Filter([Condition("timestamp", .anyOf([instant, Operand(text: "x")]))])
        #expect(Resource.telemetry.filter(form: [("timestamp", "1.5,x")]) == either)
        #expect(Resource.telemetry.filter(body: ["timestamp": ["1.5", "x"]]) == either)
        #expect(Resource.telemetry.filter(body: ["timestamp": [1.5, "x"]]) == either)
        let none = Filter([Condition("timestamp", .equal(" 1.5"))])
        #expect(Resource.telemetry.filter(query: [("timestamp", " 1.5")]) == none)
        #expect(Resource.telemetry.filter(query: [("value", "1.5")]) == Filter([Condition("value", .equal("1.5"))]))
    }

    @Test func otherValuesKeepTheirCase() {
        #expect(Resource.statuses.filter(query: [("type", "A")]) == Filter([Condition("type", .equal("A"))]))
    }
}
