/// Finds members in the bytes of a JSON object without parsing or allocating.
///
/// It expects valid JSON, because Ledge wrote the bytes. With other bytes the results are undefined, but it does not
/// trap and does not read out of bounds. Only a key with escapes is decoded on the heap.
package enum JSONScanner {
    /// Calls `body` with each member of an object, in order.
    package static func topLevelMembers(
        of object: UnsafeRawBufferPointer,
        _ body: (_ key: JSONSpan, _ value: JSONSpan) -> Void
    ) {
        var cursor = JSONCursor(object)
        guard cursor.enter(UInt8(ascii: "{")) else { return }
        while let key = cursor.key() {
            guard let value = cursor.value() else { return }
            body(key, value)
            guard cursor.separator() else { return }
        }
    }

    /// Calls `body` with every value at the end of `path`.
    ///
    /// An array on the path yields several values: each object in it is entered. For an array at the end of the path
    /// `body` is called with the array, then with each of its elements, so that a filter can match any of several
    /// values.
    package static func member(
        _ path: FieldPath,
        of object: UnsafeRawBufferPointer,
        _ body: (JSONSpan) -> Void
    ) {
        path.bytes.withUnsafeBytes { path in
            _ = visit(path[...], from: JSONCursor(object)) { span in
                body(span)
                return true
            }
        }
    }

    /// Calls `body` with the index of a path and each value at its end, for all paths in one pass over the object.
    ///
    /// The values of each path are in the order of ``member(_:of:_:)``.
    ///
    /// - Precondition: there are at most 64 paths.
    package static func members(
        _ paths: [FieldPath],
        of object: UnsafeRawBufferPointer,
        _ body: (_ path: Int, JSONSpan) -> Void
    ) {
        precondition(paths.count <= 64, "one bit for each path")
        var cursor = JSONCursor(object)
        guard cursor.enter(UInt8(ascii: "{")) else { return }
        // Of duplicate keys only the first is used.
        var found: UInt64 = 0
        repeat {
            guard let key = cursor.key() else { return }
            for position in paths.indices where found & 1 << UInt64(position) == 0 {
                paths[position].bytes.withUnsafeBytes { path in
                    let count = paths[position].firstCount
                    guard key.isText(UnsafeRawBufferPointer(rebasing: path[..<count])) else { return }
                    found |= 1 << UInt64(position)
                    let rest = count == path.count ? nil : path[(count + 1)...]
                    _ = descend(rest, from: cursor) { span in
                        body(position, span)
                        return true
                    }
                }
            }
            guard cursor.value() != nil else { return }
        } while cursor.separator()
    }

    /// Returns the first value at the end of `path`; nil if there is none.
    package static func first(_ path: FieldPath, of object: UnsafeRawBufferPointer) -> JSONSpan? {
        var first: JSONSpan?
        path.bytes.withUnsafeBytes { path in
            _ = visit(path[...], from: JSONCursor(object)) { span in
                first = span
                return false
            }
        }
        return first
    }

    /// Calls `body` with each value until it returns false; returns whether it always returned true.
    ///
    /// The depth of the recursion is the number of keys in the path, independent of the nesting of the bytes.
    private static func visit(
        _ path: Slice<UnsafeRawBufferPointer>,
        from start: JSONCursor,
        _ body: (JSONSpan) -> Bool
    ) -> Bool {
        var cursor = start
        let dot = path.firstIndex(of: UInt8(ascii: "."))
        let component = UnsafeRawBufferPointer(rebasing: path[..<(dot ?? path.endIndex)])
        guard cursor.enter(UInt8(ascii: "{")), cursor.find(component) else { return true }
        return descend(dot.map { path[($0 + 1)...] }, from: cursor, body)
    }

    /// Continues at the value of a key with the rest of the path; nil at the end of the path.
    private static func descend(
        _ rest: Slice<UnsafeRawBufferPointer>?,
        from start: JSONCursor,
        _ body: (JSONSpan) -> Bool
    ) -> Bool {
        guard let rest else { return yield(start, body) }
        var cursor = start
        guard cursor.peek == UInt8(ascii: "[") else { return visit(rest, from: cursor, body) }
        guard cursor.enter(UInt8(ascii: "[")) else { return true }
        repeat {
            let element = cursor
            guard cursor.value() != nil else { return true }
            guard visit(rest, from: element, body) else { return false }
        } while cursor.separator()
        return true
    }

    /// Calls `body` with the value at the cursor and, if it is an array, with its elements.
    private static func yield(_ start: JSONCursor, _ body: (JSONSpan) -> Bool) -> Bool {
        var cursor = start
        guard let value = cursor.value() else { return true }
        guard body(value) else { return false }
        guard value.kind == .array else { return true }
        cursor = start
        guard cursor.enter(UInt8(ascii: "[")) else { return true }
        while let element = cursor.value() {
            guard body(element) else { return false }
            guard cursor.separator() else { break }
        }
        return true
    }
}
