internal import JSON

/// What `mongoexport` writes where JSON has no type, as plain JSON.
///
/// Shape, in the versions 1 and 2 of the format, canonical and relaxed:
///
///     {"$oid":"65f0…"}                        "65f0…"
///     {"$date":"2024-03-13T08:00:00.5Z"}      "2024-03-13T08:00:00.500000Z"; also +0000, and milliseconds since 1970
///     {"$date":{"$numberLong":"1710316800500"}}
///     {"$numberLong":"7"}  $numberInt  $numberDouble  $numberDecimal      7
///     {"$uuid":"…"}  {"$symbol":"…"}          the text
///     {"$undefined":true}                     null
///
/// Anything else that begins with a dollar stays as it is, and so does what cannot be read, such as a `NaN`.
/// Source: https://github.com/mongodb/specifications/blob/master/source/extended-json/extended-json.md.
enum ExtendedJSON {
    /// Returns the value with everything in it unwrapped.
    static func plain(_ value: JSON) -> JSON {
        switch value {
        case .null, .bool, .number, .string: value
        case .array(let elements): .array(elements.map(plain))
        case .object(let object):
            unwrapped(object) ?? .object(JSONObject(object.map { ($0.key, plain($0.value)) }))
        }
    }

    /// Returns a document with everything in it unwrapped, and without `_id`, unless that is all there is to be its
    /// key.
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

    /// A number, which is written as text so that no reader rounds it.
    private static func number(_ value: JSON) -> JSON? {
        if case .number = value { return value }
        guard let text = value.string, let parsed = try? JSON(parsing: text.utf8), case .number = parsed else {
            return nil
        }
        return parsed
    }

    private static func date(_ value: JSON) -> Timestamp? {
        if let text = value.string { return Timestamp(parsing: text) }
        let number = value.object == nil ? value.number : unwrapped(value.object ?? [:])?.number
        guard let milliseconds = number?.whole else { return nil }
        let (microseconds, isTooLarge) = milliseconds.multipliedReportingOverflow(by: 1_000)
        // The nearest moment there is would be another one.
        guard !isTooLarge, case let date = Timestamp(microseconds: microseconds), date.microseconds == microseconds
        else { return nil }
        return date
    }
}
