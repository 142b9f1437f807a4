internal import JSON
internal import Testing

struct JSONNumberTests {
    @Test(
        arguments: [
            ("0", 0, 0), ("-0", 0, 0), ("9223372036854775807", .max, 0x1p63),
            ("-9223372036854775808", .min, -0x1p63),
            ("9223372036854775808", nil, 0x1p63), ("1.0", nil, 1), ("1e2", nil, 100), ("-2.5", nil, -2.5),
            ("1e999", nil, nil),
            ("1e-999", nil, 0),
        ] as [(String, Int64?, Double?)]
    )
    func valuesAreExactOrNil(text: String, int: Int64?, double: Double?) throws {
        let number = try #require(try JSON(parsing: text.utf8).number)
        #expect(number.int == int)
        #expect(number.double == double)
    }

    @Test(arguments: [0, -0.0, 1, 0.1, 1e20, 1e300, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -1.5e-7])
    func everyFiniteDoubleIsWrittenAsJSON(_ value: Double) throws {
        let number = try #require(JSONNumber(value))
        #expect(try JSON(parsing: number.text.utf8).double == value)
    }

    @Test(arguments: [Double.infinity, -.infinity, .nan])
    func nonFiniteDoubleHasNoText(_ value: Double) {
        #expect(JSONNumber(value) == nil)
    }
}

struct JSONObjectTests {
    @Test func keysKeepTheirFirstOrder() {
        var object: JSONObject = ["b": 1, "a": 2]
        object["c"] = 3
        object["b"] = 4
        #expect(object.keys == ["b", "a", "c"])
        #expect(object.map(\.value) == [4, 2, 3])
    }

    @Test func settingNilRemovesTheMember() {
        var object: JSONObject = ["a": 1, "b": 2, "c": 3]
        object["b"] = nil
        object["c"] = .null
        object["d"] = nil
        #expect(object == ["a": 1, "c": nil])
        #expect(object["c"] == .some(.null))
        #expect(object["b"] == nil)
    }

    /// A large object uses an index, which every change updates.
    @Test func largeObjectEqualsADictionary() {
        var object = JSONObject()
        var model: [String: JSON] = [:]
        for step in 0..<1_000 {
            let key = "key\(step * 7 % 61)"
            // It grows, becomes empty and grows again, so the index is created and removed.
            let value: JSON? = step % 5 == 0 || (400..<600).contains(step) ? nil : .string("\(step)")
            object[key] = value
            model[key] = value
            #expect(object.count == model.count)
            #expect(model.allSatisfy { object[$0.key] == $0.value })
            #expect(object.allSatisfy { model[$0.key] == $0.value })
        }
    }

    @Test(.timeLimit(.minutes(60)))
    func manyMembersTakeLinearTime() throws {
        let members = (0..<200_000).map { "\"key\($0)\":\($0)" }.joined(separator: ",")
        let object = try #require(try JSON(parsing: "{\(members)}".utf8).object)
        #expect(object.count == 200_000)
        #expect(object["key199999"] == 199_999)
    }

    @Test func duplicateKeyInALiteralTraps() async {
        await #expect(processExitsWith: .failure) {
            _ = JSONObject([("a", 1), ("a", 2)])
        }
    }
}

struct JSONEqualityTests {
    @Test(arguments: [
        ("1", "1.0"), ("0", "-0"), (#""\u00e9""#, #""e\u0301""#), (#"{"a":1,"b":2}"#, #"{"b":2,"a":1}"#),
        (#"{"\u00e9":1}"#, #"{"e\u0301":1}"#), ("[1]", "1"), ("null", "false"), ("1", #""1""#),
    ])
    func differentTextsAreDifferentValues(left: String, right: String) throws {
        #expect(try JSON(parsing: left.utf8) != JSON(parsing: right.utf8))
    }

    @Test func equalValuesHaveEqualHashes() throws {
        let text = #"{"a":[null,true,1.50,"\u00e9"],"b":{"c":"d"}}"#
        let (one, other) = (try JSON(parsing: text.utf8), try JSON(parsing: (" " + text).utf8))
        #expect(one == other)
        #expect(Set([one, other]).count == 1)
    }
}

struct JSONAccessTests {
    let document: JSON = ["sender": ["name": "edge", "tags": ["a"]], "n": 1, "x": 1.5, "ok": true, "no": nil]

    @Test func pathsTraverseObjects() {
        #expect(document[path: "sender.name"] == "edge")
        #expect(document[path: "no"] == .null)
        #expect(document[path: "sender.missing"] == nil)
        #expect(document[path: "sender.tags.0"] == nil)
        #expect(document[path: "n.x"] == nil)
        #expect(document["n"]?.int == 1)
    }

    @Test func accessByAnotherKindIsNil() {
        #expect(document["x"]?.int == nil)
        #expect(document["x"]?.double == 1.5)
        #expect(document["n"]?.string == nil)
        #expect(document["ok"]?.bool == true)
        #expect(document["ok"]?.int == nil)
        #expect(document["no"]?.isNull == true)
        #expect(document.array == nil)
    }

    @Test func pathIsSplitIntoKeys() {
        #expect(FieldPath("a.b").components == ["a", "b"])
        #expect(FieldPath("").components == [""])
        #expect(FieldPath(".a.").components == ["", "a", ""])
        #expect(FieldPath("a.\u{301}b").components == ["a", "\u{301}b"])
        #expect(FieldPath("sender.name").description == "sender.name")
    }
}
