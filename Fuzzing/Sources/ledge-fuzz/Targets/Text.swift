internal import JSON

@testable internal import API
@testable internal import Blobs
@testable internal import Index
@testable internal import SegmentLog
@testable internal import Tokens
@testable internal import Weights

/// Parses short texts of all kinds: a parsed value must be written back as it was read.
func fuzzText(_ bytes: UnsafeRawBufferPointer) {
    var input = FuzzInput(bytes)
    let byteCount = Int64(input.number(UInt32.self))
    let text = String(decoding: input.rest, as: UTF8.self)
    if let timestamp = Timestamp(parsing: text) {
        must(timestamp.description.utf8.count == Timestamp.byteCount, "a time is 27 bytes")
        must(Timestamp(parsing: timestamp.description) == timestamp, "a time is written as it is read")
        must((Timestamp.earliest...Timestamp.latest).contains(timestamp), "a time is in the calendar")
    }
    checkRange(text, byteCount)
    checkAuthority(text)
    if let id = BlobID(text) { must(id.text == text && !text.contains("/"), "an id has one spelling") }
    if let (id, form) = SegmentName.parse(text) { must(SegmentName.make(id, form) == text, "a name has one spelling") }
    if let value = Hexadecimal.value(of: text) { must(Hexadecimal.text(value) == text, "a checksum has one spelling") }
    if let number = Int64(decimal: text) { must(number >= 0, "digits are no negative number") }
    if let decoded = Base64URL.decode(Array(input.rest)[...]) {
        must(Base64URL.encode(decoded).elementsEqual(input.rest), "base64url has one spelling")
    }
    _ = (Role(rawValue: text), WeightsFormat(helper: text))
    checkScalar(input.rest, text)
    let tags = EntityTags(header: text)
    must(!tags.matchesStrongly("\"x\"") || tags.matchesWeakly("\"x\""), "a strong match is a weak one")
    if let parsed = try? ArrayHeaderParser.parse(Array(input.rest)) {
        let again = must("a header is written as it is read") {
            try ArrayHeaderParser.parse(Array(ArrayHeader.bytes(of: parsed).dropFirst(10)))
        }
        must(parsed.isBigEndian || again.shape == parsed.shape, "its shape is the same")
    }
}

private func checkRange(_ header: String, _ byteCount: Int64) {
    guard case .part(let range) = ByteRange(header: header, byteCount: byteCount) else { return }
    must(!range.isEmpty && range.lowerBound >= 0 && range.upperBound <= byteCount, "a range is a part of the file")
}

private func checkAuthority(_ text: String) {
    guard let authority = Authority(parsing: text) else { return }
    let port = authority.port.map { ":\($0)" } ?? ""
    must(Authority(parsing: authority.urlHost + port) == authority, "an address is written as it is read")
    must(authority.port.map((0...65_535).contains) ?? true, "a port is a port")
}

private func checkScalar(_ bytes: UnsafeRawBufferPointer, _ text: String) {
    let scalar = Scalar(string: text)
    guard String(validating: bytes, as: UTF8.self) != nil else { return }
    must(Scalar(string: bytes) == scalar, "text is read as its bytes are")
    let number = Number(spelling: bytes)
    let isJSON = (try? JSON(parsing: bytes))?.number != nil
    let isBare =
        bytes.first.map { $0 == UInt8(ascii: "-") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ?? false
    must(number == nil || isJSON, "a number is spelled as in JSON")
    must(
        number != nil || !isJSON || !isBare || bytes.last.map { $0 <= 0x20 } == true,
        "what JSON calls a number is one"
    )
    _ = Operand(text: text)
}
