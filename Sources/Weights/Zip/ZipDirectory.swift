/// Parses the entries of an archive's directory, one after the other.
struct ZipDirectory {
    private let bytes: [UInt8]
    /// The offset of the directory in the file.
    private let start: Int64
    private let limits: ModelLimits
    private var position = 0
    private var names: Set<[UInt8]> = []
    private var byteCount: Int64 = 0

    init(_ bytes: [UInt8], at start: Int64, limits: ModelLimits) {
        self.bytes = bytes
        self.start = start
        self.limits = limits
    }

    private var violation: WeightsError { .zip(.directory(offset: start + Int64(position))) }

    /// Returns the next entry; rejects unsupported entries.
    mutating func next() throws(WeightsError) -> ZipMember {
        guard bytes.count - position >= ZipFormat.directoryEntryByteCount,
            bytes.littleEndian(at: position) == ZipFormat.directoryEntry
        else { throw violation }
        let nameByteCount = Int(bytes.littleEndian(UInt16.self, at: position + 28))
        let extraByteCount = Int(bytes.littleEndian(UInt16.self, at: position + 30))
        let commentByteCount = Int(bytes.littleEndian(UInt16.self, at: position + 32))
        let nameStart = position + ZipFormat.directoryEntryByteCount
        let extraStart = nameStart + nameByteCount
        let end = extraStart + extraByteCount + commentByteCount
        guard end <= bytes.count else { throw violation }
        let name = try uniqueName(nameStart..<extraStart)
        let sizes = try sizes(extra: extraStart..<extraStart + extraByteCount)
        let flags: UInt16 = bytes.littleEndian(at: position + 8)
        let method: UInt16 = bytes.littleEndian(at: position + 10)
        let checksum: UInt32 = bytes.littleEndian(at: position + 16)
        position = end
        func error(_ violation: MemberViolation) -> WeightsError {
            .member(String(decoding: name, as: UTF8.self), violation)
        }
        guard flags & ZipFormat.unreadable == 0 else { throw error(.encrypted) }
        guard method == ZipFormat.stored || method == ZipFormat.deflated else {
            throw error(.unsupportedMethod(method))
        }
        guard method == ZipFormat.deflated || sizes.stored == sizes.content else { throw error(.sizes) }
        guard sizes.content <= UInt64(limits.byteCountMax - byteCount) else {
            throw error(.tooLarge(byteCount: sizes.content, byteCountMax: limits.byteCountMax))
        }
        guard sizes.content / ZipFormat.expansionMax <= sizes.stored else {
            throw error(.declaredByteCount(Int64(sizes.content)))
        }
        guard let stored = Int64(exactly: sizes.stored), let offset = Int64(exactly: sizes.offset), offset <= start
        else {
            throw error(.overlap)
        }
        byteCount += Int64(sizes.content)
        return ZipMember(
            nameBytes: name,
            isNameUTF8: flags & ZipFormat.isNameUTF8 != 0,
            isDeflated: method == ZipFormat.deflated,
            checksum: checksum,
            storedByteCount: stored,
            byteCount: Int64(sizes.content),
            headerOffset: offset,
            limit: start
        )
    }

    /// Requires that no bytes follow the last entry.
    ///
    /// - Throws: `.zip` if the directory is longer than the entries that the end record counts.
    func expectEnd() throws(WeightsError) {
        guard position == bytes.count else { throw violation }
    }

    private mutating func uniqueName(_ range: Range<Int>) throws(WeightsError) -> [UInt8] {
        let name = Array(bytes[range])
        guard name.count <= limits.nameByteCountMax else {
            throw .zip(.nameTooLong(byteCount: name.count, byteCountMax: limits.nameByteCountMax))
        }
        guard !name.isEmpty, !name.contains(0) else {
            throw .zip(.invalidName(String(decoding: name, as: UTF8.self)))
        }
        guard names.insert(name).inserted else { throw .zip(.duplicateName(String(decoding: name, as: UTF8.self))) }
        return name
    }

    /// Returns the sizes and the offset; those that exceed 32 bits are in the ZIP64 field.
    private func sizes(
        extra: Range<Int>
    ) throws(WeightsError) -> (stored: UInt64, content: UInt64, offset: UInt64) {
        let stored: UInt32 = bytes.littleEndian(at: position + 20)
        let content: UInt32 = bytes.littleEndian(at: position + 24)
        let disk: UInt16 = bytes.littleEndian(at: position + 34)
        let offset: UInt32 = bytes.littleEndian(at: position + 42)
        guard disk == 0 else { throw .zip(.multiDisk) }
        var field = try field64(in: extra)
        func widen(_ number: UInt32) throws(WeightsError) -> UInt64 {
            guard number == ZipFormat.in64 else { return UInt64(number) }
            guard field.count >= 8 else { throw violation }
            defer { field = field.dropFirst(8) }
            return bytes.littleEndian(at: field.lowerBound)
        }
        let widenedContent = try widen(content)
        let widenedStored = try widen(stored)
        return (widenedStored, widenedContent, try widen(offset))
    }

    /// Returns the range of the ZIP64 field's numbers; empty if there is no such field.
    private func field64(in extra: Range<Int>) throws(WeightsError) -> Range<Int> {
        var field: Range<Int>?
        var offset = extra.lowerBound
        // Writers that align their members add up to three bytes of padding.
        while offset + 4 <= extra.upperBound {
            let kind: UInt16 = bytes.littleEndian(at: offset)
            let end = offset + 4 + Int(bytes.littleEndian(UInt16.self, at: offset + 2))
            guard end <= extra.upperBound else { throw violation }
            if kind == ZipFormat.zip64Extra {
                guard field == nil else { throw violation }
                field = offset + 4..<end
            }
            offset = end
        }
        return field ?? extra.upperBound..<extra.upperBound
    }
}
