internal import JSON

/// Parses bytes: a value must be written and read back unchanged, nest no deeper than allowed, and equal the scanner's.
///
/// On malformed bytes the scanner may return any result within bounds.
func fuzzJSON(_ bytes: UnsafeRawBufferPointer) {
    let value: JSON
    do throws(JSONError) { value = try JSON(parsing: bytes) } catch {
        must((0...bytes.count).contains(error.offset), "an error names a byte")
        scanNonsense(bytes)
        return
    }
    must(depth(of: value) <= JSONLimits.default.depthMax, "nothing nests deeper than the limit")
    let limits = JSONLimits(depthMax: 3)
    must(((try? JSON(parsing: bytes, limits: limits)) != nil) == (depth(of: value) <= 3), "the limit is exact")
    let written = value.bytes
    must(!written.contains { $0 < 0x20 }, "what is written is one line")
    let again = must("what is written is JSON") { try JSON(parsing: written) }
    must(again == value && again.hashValue == value.hashValue, "what is written is the value")
    must(again.bytes == written, "one value is written in one way")
    checkNumbers(in: value)
    guard case .object(let object) = value else { return }
    checkScanner(bytes, object)
    checkLine(object)
}

private func depth(of value: JSON) -> Int {
    switch value {
    case .null, .bool, .number, .string: 0
    case .array(let elements): 1 + (elements.map(depth).max() ?? 0)
    case .object(let object): 1 + (object.map { depth(of: $0.value) }.max() ?? 0)
    }
}

private func checkNumbers(in value: JSON) {
    switch value {
    case .null, .bool, .string: break
    case .number(let number):
        if let int = number.int { must(number.whole == int, "an integer is a whole number") }
        if let whole = number.whole, let double = number.double { must(Double(whole) == double, "both are one number") }
    case .array(let elements): elements.forEach(checkNumbers)
    case .object(let object): for (_, value) in object { checkNumbers(in: value) }
    }
}

/// The results of the scanner must equal those of the parsed tree.
private func checkScanner(_ bytes: UnsafeRawBufferPointer, _ object: JSONObject) {
    var members = JSONObject()
    JSONScanner.topLevelMembers(of: bytes) { key, value in
        must(bytes[value.range].elementsEqual(value.bytes), "a span has the bytes of its range")
        guard let name = key.string, let value = value.value else { fatalError("a member that is JSON is decoded") }
        members[name] = value
    }
    must(members == object, "the scanner finds every member, in order")
    var paths: [String] = []
    for (key, value) in object.prefix(20) where !key.utf8.contains(UInt8(ascii: ".")) {
        paths.append(key)
        for inner in innerKeys(of: value).prefix(3) where !inner.utf8.contains(UInt8(ascii: ".")) {
            paths.append("\(key).\(inner)")
        }
    }
    let fields = (paths.prefix(60) + ["a", "a.b", "a.b.c"]).map { FieldPath($0) }
    var found = [[JSON?]](repeating: [], count: fields.count)
    JSONScanner.members(fields, of: bytes) { found[$0].append($1.value) }
    for (field, found) in zip(fields, found) {
        var alone: [JSON?] = []
        JSONScanner.member(field, of: bytes) { alone.append($0.value) }
        let expected = values(at: field.components[...], of: .object(object))
        must(alone == expected, "the scanner finds every value at \(field)")
        must(found == expected, "many paths in one pass find what each finds alone")
        let first = JSONScanner.first(field, of: bytes)
        must(first?.value == expected.first, "the first value comes first")
        if case .string(let text)? = expected.first {
            must(first?.string.map(JSON.string) == .string(text), "its text")
        }
        if case .number(let number)? = expected.first { must(first?.number == number, "its number") }
    }
}

private func innerKeys(of value: JSON) -> [String] {
    switch value {
    case .object(let object): object.keys
    case .array(let elements): elements.flatMap(innerKeys)
    default: []
    }
}

/// Returns the values at a path, as the scanner's documentation defines them.
private func values(at path: ArraySlice<String>, of value: JSON) -> [JSON] {
    guard let key = path.first else { return [value] + (value.array ?? []) }
    guard let member = value.object?[key] else { return [] }
    let rest = path.dropFirst()
    guard !rest.isEmpty, let elements = member.array else { return values(at: rest, of: member) }
    return elements.flatMap { values(at: rest, of: $0) }
}

/// A sealed object must open unchanged at its place, and not at another.
private func checkLine(_ object: JSONObject) {
    guard !object.isEmpty, object["xxh3"] == nil else { return }
    let line = CheckedLine.seal(object, seed: 7)
    must(must("a sealed line opens") { try CheckedLine.open(line, seed: 7) } == object, "what was sealed is opened")
    must((try? CheckedLine.open(line, seed: 8)) == nil, "a line of another place is not taken")
}

/// On malformed bytes, the scanner must stay within bounds.
private func scanNonsense(_ bytes: UnsafeRawBufferPointer) {
    func look(_ span: JSONSpan) {
        must(span.range.lowerBound >= 0 && span.range.upperBound <= bytes.count, "a span is in the bytes")
        _ = (span.value, span.string, span.number, span.bool, span.int, span.double)
    }
    JSONScanner.topLevelMembers(of: bytes) {
        look($0); look($1)
    }
    for path in ["a", "a.b", "", "a.b.c"] as [FieldPath] {
        JSONScanner.member(path, of: bytes, look)
        JSONScanner.members([path, "b", "a"], of: bytes) { look($1) }
    }
    _ = try? CheckedLine.verify(bytes, seed: 7)
    _ = try? CheckedLine.open(Array(bytes), seed: 7)
}
