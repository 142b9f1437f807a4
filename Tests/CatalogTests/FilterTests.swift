import Catalog
import Index
import JSON
import Testing

/// The grammar of filters, on fields that the resource does not declare.
struct FilterTests {
    private let one = Operand(text: "1")
    private let resource = Resource.packages

    @Test func suffixesAreOperators() {
        let expected: [(String, Condition.Test)] = [
            ("step", .anyOf([one])), ("step__eq", .anyOf([one])), ("step__ne", .noneOf([one])),
            ("step__lt", .less(one)), ("step__lte", .lessOrEqual(one)),
            ("step__gt", .greater(one)), ("step__gte", .greaterOrEqual(one)),
        ]
        for (name, test) in expected {
            #expect(resource.filter(query: [(name, "1")]).conditions == [Condition("step", test)])
        }
        #expect(resource.filter(query: [("a__b__gt", "1")]).conditions == [Condition("a__b", .greater(one))])
        #expect(resource.filter(query: [("a.b__ne", "1")]).conditions == [Condition("a.b", .noneOf([one]))])
        #expect(resource.filter(query: [("a_gt", "1")]).conditions == [Condition("a_gt", .anyOf([one]))])
    }

    @Test(arguments: ["step__", "step__foo", "step__GT", "step__in", "__", "a__gt__b"])
    func anUnknownSuffixIsLeftOut(_ name: String) {
        #expect(resource.filter(query: [(name, "1")]) == Filter())
        #expect(resource.filter(form: [(name, "1")]) == Filter())
        var body: JSONObject = [:]
        body[name] = "1"
        #expect(resource.filter(body: .object(body)) == Filter())
    }

    @Test func theFirstOfARepeatedNameCounts() {
        let parameters = [("a", "1"), ("b", "x"), ("a", "2"), ("a__ne", "1")]
        let expected = [
            Condition("a", .anyOf([one])), Condition("b", .equal("x")), Condition("a", .noneOf([one])),
        ]
        #expect(resource.filter(query: parameters.map { (name: $0.0, value: $0.1) }).conditions == expected)
        #expect(resource.filter(form: parameters.map { (name: $0.0, value: $0.1) }).conditions == expected)
    }

    @Test func aCommaInAURLIsOnlyAComma() {
        #expect(resource.filter(query: [("a", "1,2")]).conditions == [Condition("a", .equal("1,2"))])
    }

    @Test func aCommaInABodySeparatesAlternatives() {
        let parts = [Operand(text: "1"), Operand(text: " 2"), Operand(text: "")]
        #expect(resource.filter(form: [("a", "1, 2,")]).conditions == [Condition("a", .anyOf(parts))])
        #expect(resource.filter(body: ["a": "1, 2,"]).conditions == [Condition("a", .anyOf(parts))])
        #expect(resource.filter(body: ["a__ne": "1, 2,"]).conditions == [Condition("a", .noneOf(parts))])
    }

    @Test func anArrayInABodyIsAlternatives() {
        let operands = [Operand(text: "1"), Operand(text: "x,y"), Operand(.null)]
        #expect(resource.filter(body: ["a": [1, "x,y", nil]]).conditions == [Condition("a", .anyOf(operands))])
        #expect(resource.filter(body: ["a": []]).conditions == [Condition("a", .anyOf([]))])
    }

    @Test func alternativesOfAComparisonMatchNothing() {
        for filter in [resource.filter(form: [("a__gt", "1,2")]), resource.filter(body: ["a__lte": [1]])] {
            #expect(filter.conditions == [Condition("a", .anyOf([]))])
        }
    }

    @Test func aBodyThatIsNoObjectIsNoFilter() {
        for body: JSON in [nil, [], [1], "a", 1, true, [:]] { #expect(resource.filter(body: body) == Filter()) }
    }
}
