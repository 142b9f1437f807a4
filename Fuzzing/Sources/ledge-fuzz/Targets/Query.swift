internal import JSON

@testable internal import API
@testable internal import Catalog
@testable internal import Index
@testable internal import Store

/// Reads any query string, body and headers as a query: a document must match a condition or its negation, never both.
func fuzzQuery(_ bytes: UnsafeRawBufferPointer) {
    var input = FuzzInput(bytes)
    let resource = input.element(of: Resource.all)
    let kind = input.number(below: 3)
    let headers = texts(input.bytes(input.number(below: 40)))
    let parts = input.remainder().split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
    let fields = FormFields(parsing: parts[0])
    var requested: RequestedFilter
    do {
        switch kind {
        case 0: requested = try resource.requestedFilter(query: fields.elements)
        case 1: requested = try resource.requestedFilter(form: fields.elements)
        default: requested = try resource.requestedFilter(body: (try? JSON(parsing: parts[0])) ?? .null)
        }
    } catch { return must(error.message.utf8.count < 2_000, "an error quotes only a part of the value") }
    requested.check(sortKey: headers[2], of: resource)
    must(requested.warnings.texts.count <= 17, "warnings are bounded in number")
    let filter = requested.filter
    let query = Query(
        filter,
        of: resource,
        sortKey: headers[2],
        sortOrder: headers[3],
        skip: headers[1],
        limit: headers[0]
    )
    must(query.skip >= 0 && (query.limit ?? 1) > 0, "a page is a page")
    must(filter.conditions.count <= max(parts[0].count, 1), "there are no more conditions than bytes")
    let document = parts.count > 1 ? Array(parts[1]) : Array(#"{"a":1,"status":"x","value":[1,"2",null]}"#.utf8)
    document.withUnsafeBytes { document in
        for condition in filter.conditions { check(condition, on: document) }
    }
}

/// Returns the values of four headers; nil for missing ones.
private func texts(_ bytes: [UInt8]) -> [String?] {
    let values = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    return values.map(String.init) + [String?](repeating: nil, count: 4)
}

private func check(_ condition: Condition, on document: UnsafeRawBufferPointer) {
    let holds = condition.holds(in: document)
    let value = FieldValue(condition.path, in: document)
    switch condition.test {
    case .anyOf(let operands):
        must(Condition(condition.path, .noneOf(operands)).holds(in: document) != holds, "a negation is one")
    case .noneOf(let operands):
        must(Condition(condition.path, .anyOf(operands)).holds(in: document) != holds, "a negation is one")
    case .less(let operand), .lessOrEqual(let operand), .greater(let operand), .greaterOrEqual(let operand):
        value.forEach { value in
            let tests: [Condition.Test] = [
                .less(operand), .lessOrEqual(operand), .greater(operand), .greaterOrEqual(operand),
            ]
            let answers = tests.map { $0.passes(value) }
            must(!(answers[0] && answers[3]) && !(answers[1] && answers[2]), "no value is on both sides")
            must(!answers[0] || answers[1], "what is less is less or equal")
            must(!answers[2] || answers[3], "what is greater is greater or equal")
            guard value.isComparable(to: operand.reading) else {
                return must(!answers.contains(true), "what cannot be compared is on no side")
            }
            must(answers[0] != answers[3] && answers[1] != answers[2], "what can be compared is on one side")
        }
    }
    var scalars: [Scalar] = []
    value.forEach { scalars.append($0) }
    scalars += condition.forms.prefix(5)
    for left in scalars.prefix(8) {
        for right in scalars.prefix(8) {
            must(!(left.precedes(right) && right.precedes(left)), "of two values one comes first")
            must(left != right || !left.precedes(right), "equal values do not precede each other")
            must(left != right || left.hashValue == right.hashValue, "equal values are found by their hash")
        }
    }
}
