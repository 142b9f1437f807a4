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

    @Test func unixTimeOfAFormIsATime() throws {
        let form = [("key", "k"), ("value", "1"), ("client_id", "c"), ("timestamp", "1731531600.5")]
        let object = Resource.telemetry.object(form: form.map { (name: $0.0, value: $0.1) })
        #expect(try Resource.telemetry.validate(object)["timestamp"] == "2024-11-13T21:00:00.500000Z")
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
    @Test func anAliasIsAnotherNameOfAPath() throws {
        let expected = Filter([Condition("sender.client_id", .equal("c"))])
        #expect(try Resource.statuses.requestedFilter(query: [("client_id", "c")]).filter == expected)
        #expect(try Resource.statuses.requestedFilter(body: ["client_id": "c"]).filter == expected)
        #expect(Resource.statuses.path("client_id") == "sender.client_id")
    }

    @Test func aFieldIsItself() throws {
        let expected = Filter([Condition("client_id", .equal("c"))])
        #expect(try Resource.telemetry.requestedFilter(query: [("client_id", "c")]).filter == expected)
    }

    @Test func rolesAreComparedInLowerCase() throws {
        let expected = Filter([Condition("sender.role", .equal("client"))])
        #expect(try Resource.statuses.requestedFilter(query: [("sender.role", "CLIENT")]).filter == expected)
        #expect(try Resource.statuses.requestedFilter(form: [("sender.role", "Client")]).filter == expected)
        #expect(try Resource.statuses.requestedFilter(body: ["sender.role": ["CLIENT"]]).filter == expected)
    }

    @Test func aNumberIsAnInstantWhereTheFieldIsOne() throws {
        let instant = Operand(text: "1970-01-01T00:00:01.5Z")
        let later = Filter([Condition("committed_at", .greater(instant))])
        #expect(try Resource.telemetry.requestedFilter(query: [("committed_at__gt", "1.5")]).filter == later)
        #expect(try Resource.telemetry.requestedFilter(body: ["committed_at__gt": 1.5]).filter == later)
        let either = Filter([Condition("timestamp", .anyOf([instant, Operand(text: "null")]))])
        #expect(try Resource.telemetry.requestedFilter(form: [("timestamp", "1.5,null")]).filter == either)
        #expect(try Resource.telemetry.requestedFilter(body: ["timestamp": ["1.5", "null"]]).filter == either)
        #expect(try Resource.telemetry.requestedFilter(body: ["timestamp": [1.5, "null"]]).filter == either)
        let one = Filter([Condition("timestamp", .anyOf([instant]))])
        #expect(try Resource.telemetry.requestedFilter(query: [("timestamp", " 1.5")]).filter == one)
        #expect(
            try Resource.telemetry.requestedFilter(query: [("value", "1.5")]).filter
                == Filter([Condition("value", .equal("1.5"))])
        )
    }

    @Test func otherValuesKeepTheirCase() throws {
        #expect(
            try Resource.statuses.requestedFilter(query: [("type", "A")]).filter
                == Filter([Condition("type", .equal("A"))])
        )
    }
}
