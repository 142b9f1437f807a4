internal import JSON
internal import TestSupport
internal import Testing

struct JSONScannerTests {
    func values(_ path: FieldPath, in object: [UInt8]) -> [JSON] {
        var values: [JSON] = []
        object.withUnsafeBytes { bytes in
            JSONScanner.member(path, of: bytes) { values.append($0.value ?? "undecodable") }
        }
        return values
    }

    /// Returns the expected result of the scanner, from parsed values.
    func expected(_ components: ArraySlice<String>, in value: JSON) -> [JSON] {
        guard let component = components.first else {
            return [value] + (value.array ?? [])
        }
        guard let next = value[component] else { return [] }
        let rest = components.dropFirst()
        guard !rest.isEmpty, let elements = next.array else { return expected(rest, in: next) }
        return elements.flatMap { expected(rest, in: $0) }
    }

    func everyPath(in value: JSON, below prefix: [String] = []) -> [[String]] {
        if let object = value.object {
            return object.filter { !$0.key.utf8.contains(UInt8(ascii: ".")) }.flatMap { member in
                [prefix + [member.key]] + everyPath(in: member.value, below: prefix + [member.key])
            }
        }
        return value.array.map { $0.flatMap { everyPath(in: $0, below: prefix) } } ?? []
    }

    @Test(
        arguments: [
            ("a", [1]), ("s", ["x,}\"]"]), ("o.p", [true]), ("o", [["p": true, "q": nil]]), ("o.q", [nil]), ("o.z", []),
            ("a.b", []),
            ("list", [[1, [2], ["k": 3]], 1, [2], ["k": 3]]), ("list.k", [3]), ("deep.k.m", [1, 2, [3], 3]),
            ("empty", [[]]),
            ("empty.k", []), ("é", ["e"]), ("", []), ("none", []), ("a.", []), (".a", []), ("o.p.", []),
        ] as [(FieldPath, [JSON])]
    )
    func pathYieldsItsValues(path: FieldPath, expected: [JSON]) {
        let text = #"""
            { "a" : 1, "s":"x,}\"]" ,"o":{"p":true,"q":null}, "list":[1,[2],{"k":3}], "empty":[ ],
              "deep":[{"k":[{"m":1},{"m":2},{"x":0}]},{"k":{"m":[3]}},{"k":7},[{"k":{"m":9}}]], "\u00e9":"e"}
            """#
        #expect(values(path, in: Array(text.utf8)) == expected)
    }

    @Test func scannerAgreesWithParser() throws {
        var generator = RandomJSON(random: SeededGenerator())
        for _ in 0..<500 {
            let value = JSON.object(generator.object())
            for bytes in [value.bytes, Array(generator.sprawling(value).utf8)] {
                for components in Set(everyPath(in: value)) {
                    let path = FieldPath(components.joined(separator: "."))
                    let seed = "SEED=\(SeededGenerator.runSeed)"
                    let found = values(path, in: bytes)
                    #expect(found == expected(components[...], in: value), "\(seed)")
                    bytes.withUnsafeBytes { #expect(JSONScanner.first(path, of: $0)?.value == found.first, "\(seed)") }
                }
            }
        }
    }

    @Test func topLevelMembersEqualTheObject() throws {
        var generator = RandomJSON(random: SeededGenerator())
        for _ in 0..<500 {
            let object = generator.object()
            for bytes in [object.bytes, Array(generator.sprawling(.object(object)).utf8)] {
                var scanned = JSONObject()
                bytes.withUnsafeBytes { buffer in
                    JSONScanner.topLevelMembers(of: buffer) { key, value in
                        scanned[key.string ?? "undecodable"] = value.value
                        #expect(Array(bytes[value.range]) == Array(value.bytes))
                    }
                }
                #expect(scanned == object, "SEED=\(SeededGenerator.runSeed)")
            }
        }
    }

    @Test func spanDecodesOnlyItsKind() {
        let bytes = Array(#"{"i":-3,"d":1.5,"t":true,"n":null,"s":"aé","e":"a\n","l":[1],"o":{}}"#.utf8)
        bytes.withUnsafeBytes { object in
            #expect(JSONScanner.first("i", of: object)?.int == -3)
            #expect(JSONScanner.first("i", of: object)?.string == nil)
            #expect(JSONScanner.first("d", of: object)?.double == 1.5)
            #expect(JSONScanner.first("d", of: object)?.int == nil)
            #expect(JSONScanner.first("t", of: object)?.bool == true)
            #expect(JSONScanner.first("n", of: object)?.kind == .null)
            #expect(JSONScanner.first("n", of: object)?.value == .null)
            #expect(JSONScanner.first("s", of: object)?.string == "aé")
            #expect(JSONScanner.first("s", of: object)?.text.map(Array.init) == Array("aé".utf8))
            #expect(JSONScanner.first("e", of: object)?.string == "a\n")
            #expect(JSONScanner.first("e", of: object)?.text == nil)
            #expect(JSONScanner.first("l", of: object)?.kind == .array)
            #expect(JSONScanner.first("o", of: object)?.kind == .object)
            #expect(JSONScanner.first("o", of: object)?.text == nil)
        }
    }

    @Test func deepNestingDoesNotUseStack() {
        let depth = 200_000
        let bytes = Array(
            (#"{"a":"# + String(repeating: "[", count: depth) + String(repeating: "]", count: depth) + #","b":1}"#).utf8
        )
        #expect(values("b", in: bytes) == [1])
    }

    /// Each buffer has its exact length, so that reads out of bounds trap in a debug build.
    @Test func randomBytesDoNotTrap() {
        var generator = RandomJSON(random: SeededGenerator())
        let structure = Array(#"{}[]",:\ntf-019. "#.utf8)
        for round in 0..<8_000 {
            var bytes = generator.object().bytes
            if round % 3 == 0 {
                bytes = (0..<Int.random(in: 0..<60, using: &generator.random)).map { _ in
                    structure.randomElement(using: &generator.random) ?? 0
                }
            }
            for _ in 0..<Int.random(in: 0..<4, using: &generator.random) where !bytes.isEmpty {
                bytes[Int.random(in: bytes.indices, using: &generator.random)] = UInt8.random(
                    in: 0...255,
                    using: &generator.random
                )
            }
            scanEverything(in: Array(bytes.prefix(.random(in: 0...bytes.count, using: &generator.random))))
        }
    }

    @Test func truncatedObjectsDoNotTrap() {
        let bytes = Array(#"{"a":[{"b":"x\"y"},{"b":[1,{"c":null}]}],"\u00e9":-1.5e3,"t":true,"s":"\\"}"#.utf8)
        for count in 0...bytes.count { scanEverything(in: Array(bytes.prefix(count))) }
    }

    func scanEverything(in bytes: [UInt8]) {
        bytes.withUnsafeBytes { object in
            for path in ["a", "a.b", "a.b.c", "", ".", "b"] as [FieldPath] {
                JSONScanner.member(path, of: object) { decodeEverything(of: $0, in: object) }
                _ = JSONScanner.first(path, of: object)?.value
            }
            JSONScanner.topLevelMembers(of: object) { key, value in
                decodeEverything(of: key, in: object)
                decodeEverything(of: value, in: object)
            }
        }
    }

    func decodeEverything(of span: JSONSpan, in object: UnsafeRawBufferPointer) {
        #expect(span.range.lowerBound >= 0 && span.range.upperBound <= object.count)
        _ = (span.string, span.int, span.double, span.bool, span.value, span.text)
    }
}
