internal import JSON
internal import Tokens

/// Converts MongoDB's extended JSON, the output of `mongoexport`, to plain JSON.
///
/// Shape, in the versions 1 and 2 of the format, canonical and relaxed:
///
///     {"$oid":"65f0…"}                        "65f0…"
///     {"$date":"2024-03-13T08:00:00.5Z"}      "2024-03-13T08:00:00.500000Z"; also +0000, and milliseconds since 1970
///     {"$date":{"$numberLong":"1710316800500"}}
///     {"$numberLong":"7"}  $numberInt  $numberDouble  $numberDecimal      7
///     {"$uuid":"…"}  {"$symbol":"…"}          the text
///     {"$binary":{"base64":"…","subType":"04"}}                           a UUID as text; also with "$type":"04", and
///                                             subtype 03, in which Python wrote the same order of bytes
///     {"$undefined":true}                     null
///
/// Other names that begin with a dollar are not converted, nor are values without a JSON equivalent, such as `NaN`.
/// Source: https://github.com/mongodb/specifications/blob/master/source/extended-json/extended-json.md.
enum ExtendedJSON {
    /// Converts a value and all values in it.
    static func plain(_ value: JSON) -> JSON {
        switch value {
        case .null, .bool, .number, .string: value
        case .array(let elements): .array(elements.map(plain))
        case .object(let object):
            unwrapped(object) ?? .object(JSONObject(object.map { ($0.key, plain($0.value)) }))
        }
    }

    /// Converts a document and removes its `_id`, which becomes the value of `key` if that is missing.
    static func document(_ object: JSONObject, key: String) -> JSONObject {
        var document = JSONObject(object.map { ($0.key, plain($0.value)) })
        let id = document["_id"]
        guard let id, key != "_id" else { return document }
        document["_id"] = nil
        guard document[key] ?? .null == .null, id != .null else { return document }
        document[key] = .string(id.string ?? String(decoding: id.bytes, as: UTF8.self))
        return document
    }

    private static func unwrapped(_ object: JSONObject) -> JSON? {
        if let bytes = binary(object) { return uuid(bytes).map(JSON.string) }
        guard object.count == 1, let (name, value) = object.first, name.utf8.first == UInt8(ascii: "$") else {
            return nil
        }
        switch name {
        case "$oid", "$uuid", "$symbol": return value.string.map(JSON.string)
        case "$numberLong", "$numberInt", "$numberDouble", "$numberDecimal": return number(value)
        case "$date": return date(value).map { .string($0.description) }
        case "$undefined": return .null
        default: return nil
        }
    }

    /// Converts a number that is written as text, to avoid rounding.
    private static func number(_ value: JSON) -> JSON? {
        if case .number = value { return value }
        guard let text = value.string, let parsed = try? JSON(parsing: text.utf8), case .number = parsed else {
            return nil
        }
        return parsed
    }

    /// Returns the base64 text of a UUID; nil for other types of binary data.
    private static func binary(_ object: JSONObject) -> String? {
        switch object["$binary"] {
        case .object(let binary)?:
            guard object.count == 1, binary.count == 2, isUUID(binary["subType"]) else { return nil }
            return binary["base64"]?.string
        case .string(let base64)?:
            guard object.count == 2, isUUID(object["$type"]) else { return nil }
            return base64
        default: return nil
        }
    }

    private static func isUUID(_ subtype: JSON?) -> Bool { subtype == "04" || subtype == "03" }

    /// Converts the 16 bytes of a UUID, in base64, to its text; nil for another number of bytes.
    private static func uuid(_ base64: String) -> String? {
        let alphabet = base64.replacing("+", with: "-").replacing("/", with: "_").utf8
        guard base64.hasSuffix("=="), let bytes = Base64URL.decode(Array(alphabet)[..<(alphabet.count - 2)]),
            bytes.count == 16
        else { return nil }
        var rest = bytes[...]
        return [4, 2, 2, 2, 6].map { byteCount in
            defer { rest = rest.dropFirst(byteCount) }
            return Hexadecimal.text(Array(rest.prefix(byteCount)))
        }.joined(separator: "-")
    }

    private static func date(_ value: JSON) -> Timestamp? {
        if let text = value.string { return Timestamp(parsing: text) }
        let number = value.object == nil ? value.number : unwrapped(value.object ?? [:])?.number
        guard let milliseconds = number?.whole else { return nil }
        let (microseconds, isTooLarge) = milliseconds.multipliedReportingOverflow(by: 1_000)
        // `Timestamp` clamps; a clamped date is not converted.
        guard !isTooLarge, case let date = Timestamp(microseconds: microseconds), date.microseconds == microseconds
        else { return nil }
        return date
    }
}
