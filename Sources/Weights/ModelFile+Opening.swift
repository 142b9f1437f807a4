internal import JSON

extension ModelFile {
    /// Opens a model as `format`, or in the format that is detected from its bytes.
    ///
    /// A ZIP archive with a `metadata.json` is a container, as for the client. Any other archive is an `.npz`. Anything
    /// else is a raw vector, which needs `format`.
    ///
    /// - Throws: The reason for which the client's helper could not load the file or it could not be averaged; for
    ///   example `.unknownFormat` for a raw vector without `format`, `.notAnArchive` if an `.npz` is expected.
    package static func open(
        _ source: any ByteSource,
        as format: WeightsFormat? = nil,
        limits: ModelLimits = .default
    ) throws(WeightsError) -> ModelFile {
        guard let archive = try archive(source, as: format, limits) else {
            guard let format else { throw .unknownFormat }
            return try openRaw(source, format)
        }
        if archive.member(named: Container.metadataName) != nil {
            return try openContainer(archive, as: format, limits)
        }
        guard format?.rawElementType == nil else { return try openRaw(source, format ?? .binary) }
        let content = try NumpyArchive(archive)
        return ModelFile(
            kind: .npz,
            format: .numpy,
            arrays: content.arrays,
            metadata: nil,
            namePrefix: content.namePrefix,
            locations: content.locations,
            container: nil
        )
    }

    /// Opens the source as an archive; nil if it is none.
    ///
    /// A raw vector can begin with the same bytes as an archive, so for raw formats a malformed archive is a vector, as
    /// for the client.
    private static func archive(
        _ source: any ByteSource,
        as format: WeightsFormat?,
        _ limits: ModelLimits
    ) throws(WeightsError) -> ZipArchive? {
        guard try ZipArchive.begins(source) else { return nil }
        do throws(WeightsError) {
            return try ZipArchive(source, limits: limits)
        } catch .zip(let violation) {
            guard format?.rawElementType != nil else { throw .zip(violation) }
            return nil
        }
    }

    private static func openRaw(_ source: any ByteSource, _ format: WeightsFormat) throws(WeightsError) -> ModelFile {
        ModelFile(
            kind: .raw,
            format: format,
            arrays: [try vector(byteCount: source.byteCount, format)],
            metadata: nil,
            namePrefix: "",
            locations: [.raw(source)],
            container: nil
        )
    }

    /// Describes a raw vector of `byteCount` bytes.
    private static func vector(byteCount: Int64, _ format: WeightsFormat) throws(WeightsError) -> ArrayDescriptor {
        guard let elementType = format.rawElementType else { throw .notAnArchive }
        let (elementCount, rest) = byteCount.quotientAndRemainder(dividingBy: Int64(elementType.byteCount))
        guard rest == 0, let vector = ArrayDescriptor(elementType, shape: [Int(elementCount)]) else {
            throw .unevenByteCount(byteCount: byteCount, elementByteCount: elementType.byteCount)
        }
        return vector
    }

    private static func openContainer(
        _ archive: ZipArchive,
        as format: WeightsFormat?,
        _ limits: ModelLimits
    ) throws(WeightsError) -> ModelFile {
        let metadata = try Container.metadata(of: archive, limits)
        let ownFormat = try Container.format(metadata)
        if let format, let ownFormat, format != ownFormat {
            throw .formatMismatch(expected: format.helper, found: ownFormat.helper)
        }
        // The client's default.
        let format = format ?? ownFormat ?? .numpy
        guard let weights = archive.member(named: Container.weightsName) else {
            throw .missingMember(Container.weightsName)
        }
        let content: NumpyArchive
        if format.rawElementType == nil {
            let source = try archive.source(of: weights)
            guard try ZipArchive.begins(source) else { throw .notAnArchive }
            content = try NumpyArchive(ZipArchive(source, limits: limits))
        } else {
            content = NumpyArchive(
                arrays: [try vector(byteCount: weights.byteCount, format)],
                locations: [.member(weights, of: archive, headerByteCount: 0)],
                namePrefix: ""
            )
        }
        return ModelFile(
            kind: .container,
            format: format,
            arrays: content.arrays,
            metadata: metadata,
            namePrefix: content.namePrefix,
            locations: content.locations,
            container: archive
        )
    }
}
