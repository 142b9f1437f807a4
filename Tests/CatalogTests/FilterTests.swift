import Catalog
import Index
import JSON
import Testing

/// The grammar of filters, on fields that the resource does not declare.
struct FilterTests {
    private let one = Operand(text: "1")
    private let resource = Resource.packages

    @Test func suffixesAreOperators() throws {
        let expected: [(String, Condition.Test)] = [
            ("step", .anyOf([one])), ("step__eq", .anyOf([one])), ("step__ne", .noneOf([one])),
            ("step__lt", .less(one)), ("step__lte", .lessOrEqual(one)),
            ("step__gt", .greater(one)), ("step__gte", .greaterOrEqual(one)),
        ]
        for (name, test) in expected {
            #expect(try resource.requestedFilter(query: [(name, "1")]).filter.conditions == [Condition("step", test)])
        }
        #expect(
            try resource.requestedFilter(query: [("a__b__gt", "1")]).filter.conditions == [
                Condition("a__b", .greater(one))
            ]
        )
        #expect(
            try resource.requestedFilter(query: [("a.b__ne", "1")]).filter.conditions == [
                Condition("a.b", .noneOf([one]))
            ]
        )
        #expect(
            try resource.requestedFilter(query: [("a_gt", "1")]).filter.conditions == [Condition("a_gt", .anyOf([one]))]
        )
    }

    @Test(arguments: ["step__", "step__foo", "step__GT", "step__in", "__", "a__gt__b"])
    func anUnknownSuffixIsLeftOut(_ name: String) throws {
        #expect(try resource.requestedFilter(query: [(name, "1")]).filter == Filter())
        #expect(try resource.requestedFilter(form: [(name, "1")]).filter == Filter())
        var body: JSONObject = [:]
        body[name] = "1"
        #expect(try resource.requestedFilter(body: .object(body)).filter == Filter())
    }

    @Test func theFirstOfARepeatedNameCounts() throws {
        let parameters = [("a", "1"), ("b", "x"), ("a", "2"), ("a__ne", "1")]
        let expected = [
            Condition("a", .anyOf([one])), Condition("b", .equal("x")), Condition("a", .noneOf([one])),
        ]
        #expect(
            try resource.requestedFilter(query: parameters.map { (name: $0.0, value: $0.1) }).filter.conditions
                == expected
        )
        #expect(
            try resource.requestedFilter(form: parameters.map { (name: $0.0, value: $0.1) }).filter.conditions
                == expected
        )
    }

    @Test func aCommaInAURLIsOnlyAComma() throws {
        #expect(
            try resource.requestedFilter(query: [("a", "1,2")]).filter.conditions == [Condition("a", .equal("1,2"))]
        )
    }

    @Test func aCommaInABodySeparatesAlternatives() throws {
        let parts = [Operand(text: "1"), Operand(text: " 2"), Operand(text: "")]
        #expect(
            try resource.requestedFilter(form: [("a", "1, 2,")]).filter.conditions == [Condition("a", .anyOf(parts))]
        )
        #expect(try resource.requestedFilter(body: ["a": "1, 2,"]).filter.conditions == [Condition("a", .anyOf(parts))])
        #expect(
            try resource.requestedFilter(body: ["a__ne": "1, 2,"]).filter.conditions == [Condition("a", .noneOf(parts))]
        )
    }

    @Test func anArrayInABodyIsAlternatives() throws {
        let operands = [Operand(text: "1"), Operand(text: "x,y"), Operand(.null)]
        #expect(
            try resource.requestedFilter(body: ["a": [1, "x,y", nil]]).filter.conditions == [
                Condition("a", .anyOf(operands))
            ]
        )
        #expect(try resource.requestedFilter(body: ["a": []]).filter.conditions == [Condition("a", .anyOf([]))])
    }

    @Test func alternativesOfAComparisonMatchNothing() throws {
        for filter in [
            try resource.requestedFilter(form: [("a__gt", "1,2")]).filter,
            try resource.requestedFilter(body: ["a__lte": [1]]).filter,
        ] {
            #expect(filter.conditions == [Condition("a", .anyOf([]))])
        }
    }

    @Test func aBodyThatIsNoObjectIsNoFilter() throws {
        for body: JSON in [nil, [], [1], "a", 1, true, [:]] {
            #expect(try resource.requestedFilter(body: body).filter == Filter())
        }
    }
}
