internal import Glibc

/// A JSON object on one line whose last member is the checksum of the line.
///
/// Shape: records, manifests, journals and every other JSON file of a data directory are such lines:
///
///     {"seq":7,"op":"put","id":"a1","xxh3":"0123456789abcdef"}
///
/// `xxh3` is the XXH3-64, with the caller's seed, of all bytes before its comma. The trailer has a fixed width, so a
/// line is verified without parsing it. JSON tools can read the line, because the trailer is an ordinary member. After
/// a crash a line is either complete and valid, or detected as torn, malformed or damaged.
/// Source: docs/FORMAT.md, "Checked lines".
package enum CheckedLine {
    /// Bytes of the trailer: `,"xxh3":"0123456789abcdef"}` and the newline.
    package static let trailerByteCount = 28

    private static let opening: StaticString = #","xxh3":""#
    private static let closing: StaticString = "\"}\n"

    /// Appends the checksum to the JSON object in `line[start...]`, and a newline.
    ///
    /// - Precondition: those bytes are one JSON object with at least one member and without a newline.
    package static func seal(_ line: inout [UInt8], from start: Int, seed: UInt64) {
        precondition(start >= 0 && line.count - start > 2, "an object with a member is longer than two bytes")
        precondition(line[start] == UInt8(ascii: "{") && line.last == UInt8(ascii: "}"), "a checked line is an object")
        line.removeLast()
        let checksum = line.withUnsafeBytes { bytes in
            let covered = UnsafeRawBufferPointer(rebasing: bytes[start...])
            precondition(!containsNewline(covered), "a checked line is one line")
            return XXH3.hash64(covered, seed: seed)
        }
        line.append(opening)
        Hexadecimal.append(checksum, to: &line)
        line.append(closing)
    }

    /// Verifies the checksum of `line`, newline included.
    ///
    /// - Throws: ``CheckedLineError/torn`` if the newline is missing, as after a crash during an append;
    ///   ``CheckedLineError/malformed`` if the line does not end with a checksum;
    ///   ``CheckedLineError/checksumMismatch`` if the bytes or the seed differ from those of ``seal(_:from:seed:)``.
    package static func verify(_ line: UnsafeRawBufferPointer, seed: UInt64) throws(CheckedLineError) {
        guard line.last == UInt8(ascii: "\n") else { throw .torn }
        guard let checksum = checksum(of: line) else { throw .malformed }
        let covered = UnsafeRawBufferPointer(rebasing: line[..<(line.count - trailerByteCount)])
        guard XXH3.hash64(covered, seed: seed) == checksum else { throw .checksumMismatch }
    }

    /// Returns the checksum at the end of a line; nil if there is none.
    package static func checksum(of line: ArraySlice<UInt8>) -> UInt64? {
        line.withUnsafeBytes { checksum(of: $0) }
    }

    private static func checksum(of line: UnsafeRawBufferPointer) -> UInt64? {
        guard line.count > trailerByteCount else { return nil }
        let trailerStart = line.count - trailerByteCount
        let digitsStart = trailerStart + opening.utf8CodeUnitCount
        let digitsEnd = digitsStart + Hexadecimal.digitCount
        guard line.holds(opening, at: trailerStart), line.holds(closing, at: digitsEnd) else { return nil }
        return Hexadecimal.value(of: UnsafeRawBufferPointer(rebasing: line[digitsStart..<digitsEnd]))
    }

    /// Returns `object` as a checked line.
    ///
    /// - Precondition: the object has a member, and none is named `xxh3`.
    package static func seal(_ object: JSONObject, seed: UInt64) -> [UInt8] {
        precondition(object["xxh3"] == nil, "the name of the checksum is reserved")
        var line = object.bytes
        seal(&line, from: 0, seed: seed)
        return line
    }

    /// Verifies a line and returns its object without the checksum.
    ///
    /// - Throws: The errors of ``verify(_:seed:)``, and ``CheckedLineError/malformed`` if a line with a valid checksum
    ///   is not a JSON object, which means that another program wrote it.
    package static func open(_ line: [UInt8], seed: UInt64) throws(CheckedLineError) -> JSONObject {
        var failure: CheckedLineError?
        line.withUnsafeBytes { bytes in
            do throws(CheckedLineError) { try verify(bytes, seed: seed) } catch { failure = error }
        }
        if let failure { throw failure }
        do {
            guard case .object(var object) = try JSON(parsing: line) else { throw CheckedLineError.malformed }
            object["xxh3"] = nil
            return object
        } catch {
            throw .malformed
        }
    }

    private static func containsNewline(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard let start = bytes.baseAddress else { return false }
        return memchr(start, Int32(UInt8(ascii: "\n")), bytes.count) != nil
    }
}

/// An invalid ``CheckedLine``.
package enum CheckedLineError: Error, Sendable, Hashable {
    /// The newline is missing: the write did not finish.
    case torn
    /// The line does not end with a checksum member of the fixed width.
    case malformed
    /// The line is complete, but its bytes are not those that were written at this position.
    case checksumMismatch
}

extension Array<UInt8> {
    fileprivate mutating func append(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}

extension UnsafeRawBufferPointer {
    /// Whether `text` is at `offset`.
    ///
    /// - Precondition: the text ends inside the buffer.
    fileprivate func holds(_ text: StaticString, at offset: Int) -> Bool {
        guard let start = baseAddress else { return false }
        return memcmp(start + offset, text.utf8Start, text.utf8CodeUnitCount) == 0
    }
}
