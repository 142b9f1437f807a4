import JSON
import QuerySamples

/// A second implementation of queries: over parsed documents, one by one, without scanner, indexes or segments.
///
/// It is written from docs/API.md, "Lists, counts, filters", and shares no code with `Sources/Index` and `Sources/Store`.
struct Oracle {
    let documents: [JSON]

    func matches(_ parameters: [QueryParameter]) -> [JSON] {
        documents.filter { document in parameters.allSatisfy { Self.holds($0, document) } }
    }

    /// Sorts as `X-Sort-Key` and `X-Sort-Order` do.
    static func sort(_ documents: [JSON], by path: String, ascending: Bool) -> [JSON] {
        let sorted = documents.sorted { left, right in
            let leftKey = sortKey(left, path)
            let rightKey = sortKey(right, path)
            if isLess(leftKey, rightKey) { return true }
            if isLess(rightKey, leftKey) { return false }
            return (left["committed_at"]?.string ?? "") < (right["committed_at"]?.string ?? "")
        }
        return ascending ? sorted : sorted.reversed()
    }

    private static func holds(_ parameter: QueryParameter, _ document: JSON) -> Bool {
        let found = values(parameter.path.split(separator: ".").map(String.init)[...], of: document)
        let values = found.isEmpty ? [.null] : found
        return switch parameter.suffix {
        case "", "eq": values.contains { equals($0, parameter.value) }
        case "ne": !values.contains { equals($0, parameter.value) }
        default: values.contains { compares($0, parameter.suffix, parameter.value) }
        }
    }

    /// Returns all values at the end of a path, including arrays and their elements.
    private static func values(_ path: ArraySlice<String>, of json: JSON) -> [JSON] {
        guard let name = path.first else { return [json] + (json.array ?? []) }
        if let elements = json.array { return elements.flatMap { $0.object == nil ? [] : values(path, of: $0) } }
        guard let member = json[name] else { return [] }
        return values(path.dropFirst(), of: member)
    }

    private static func equals(_ json: JSON, _ operand: String) -> Bool {
        switch json {
        case .null: return operand.lowercased() == "null"
        case .bool(let value): return operand.lowercased() == "\(value)"
        case .number(let number):
            guard let left = number.double, let right = decimal(operand) else { return false }
            return left == right
        case .string(let text):
            if Array(text.utf8) == Array(operand.utf8) { return true }
            guard let left = instant(text), let right = instant(operand) else { return false }
            return left == right
        case .array, .object: return false
        }
    }

    private static func compares(_ json: JSON, _ suffix: String, _ operand: String) -> Bool {
        let word = operand.lowercased()
        let operand: JSON = word == "null" ? .null : word == "true" ? true : word == "false" ? false : .string(operand)
        let left = sortKey(of: json)
        let right = sortKey(of: operand)
        guard left.kind == right.kind, left.kind > 0 else { return false }
        return switch suffix {
        case "lt": isLess(left, right)
        case "lte": !isLess(right, left)
        case "gt": isLess(right, left)
        default: !isLess(left, right)
        }
    }

    private typealias SortKey = (kind: Int, number: Double, text: [UInt8])

    private static func sortKey(_ document: JSON, _ path: String) -> SortKey {
        let found = values(path.split(separator: ".").map(String.init)[...], of: document)
        return sortKey(of: found.first { $0.array == nil && $0.object == nil } ?? .null)
    }

    private static func sortKey(of json: JSON) -> SortKey {
        switch json {
        case .null, .array, .object: return (0, 0, [])
        case .bool(let value): return (1, value ? 1 : 0, [])
        case .number(let number): return (2, number.double ?? 0, [])
        case .string(let text):
            if let number = decimal(text) { return (2, number, []) }
            if let instant = instant(text) { return (3, Double(instant.microseconds), []) }
            return (4, 0, Array(text.utf8))
        }
    }

    private static func isLess(_ left: SortKey, _ right: SortKey) -> Bool {
        if left.kind != right.kind { return left.kind < right.kind }
        if left.number != right.number { return left.number < right.number }
        return left.text.lexicographicallyPrecedes(right.text)
    }

    /// Parses a number in JSON syntax.
    private static func decimal(_ text: String) -> Double? {
        guard case .number(let number)? = try? JSON(parsing: Array(text.utf8)), number.text == text else { return nil }
        return number.double
    }

    private static func instant(_ text: String) -> Timestamp? {
        var text = text
        return text.withUTF8 { $0.count >= 10 ? Timestamp(rfc3339: UnsafeRawBufferPointer($0)) : nil }
    }
}
