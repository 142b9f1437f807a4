internal import JSON
internal import TestSupport

/// Generates random documents of all kinds of values, with unusual keys, all Unicode scalars, and deep and wide nesting.
struct RandomJSON {
    var random: SeededGenerator
    private static let alphabet: [Unicode.Scalar] = [
        "a", "b", "z", "0", ".", " ", "\"", "\\", "/", "\n", "\u{0}", "\u{1f}", "\u{7f}", "é", "€", "𝄞", "{", "]", ",",
        ":",
        "\u{fffd}", "\u{301}",
    ]

    mutating func value(depth: Int = 4) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 10 : 6), using: &random) {
        case 0: .null
        case 1: .bool(.random(using: &random))
        case 2, 3: .number(number())
        case 4, 5: .string(text(countMax: 30))
        case 6, 7: .array((0..<Int.random(in: 0..<5, using: &random)).map { _ in value(depth: depth - 1) })
        default: .object(object(depth: depth - 1))
        }
    }

    mutating func object(depth: Int = 4) -> JSONObject {
        var object = JSONObject()
        let countMax = Int.random(in: 0..<20, using: &random) == 0 ? 40 : 6
        for _ in 0..<Int.random(in: 0...countMax, using: &random) { object[text(countMax: 3)] = value(depth: depth) }
        return object
    }

    mutating func text(countMax: Int) -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...countMax, using: &random) {
            text.append(Self.alphabet.randomElement(using: &random) ?? "a")
        }
        return String(text)
    }

    private mutating func number() -> JSONNumber {
        let bits = random.next()
        if Bool.random(using: &random) { return JSONNumber(Int64(bitPattern: bits) >> Int64(bits % 64)) }
        return JSONNumber(Double(bitPattern: bits)) ?? JSONNumber(0)
    }

    /// Returns a value in another spelling, with random white space and escapes.
    mutating func sprawling(_ value: JSON) -> String {
        switch value {
        case .array(let values):
            return space() + "[" + values.map { sprawling($0) }.joined(separator: ",") + space() + "]" + space()
        case .object(let object):
            let members = object.map { space() + escaped($0.key) + space() + ":" + sprawling($0.value) }
            return space() + "{" + members.joined(separator: ",") + space() + "}" + space()
        case .string(let text): return space() + escaped(text) + space()
        default: return space() + String(decoding: value.bytes, as: UTF8.self) + space()
        }
    }

    private mutating func space() -> String {
        ["", "", "", " ", "\n", "\t \r\n"].randomElement(using: &random) ?? ""
    }

    private mutating func escaped(_ text: String) -> String {
        var output = "\""
        for scalar in text.unicodeScalars {
            if scalar.value >= 0x20, scalar != "\"", scalar != "\\", Bool.random(using: &random) {
                output.unicodeScalars.append(scalar)
            } else {
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16, uppercase: .random(using: &random))
                    output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            }
        }
        return output + "\""
    }
}
