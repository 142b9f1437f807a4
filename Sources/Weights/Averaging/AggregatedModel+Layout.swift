internal import JSON

/// The file layout of an averaged model.
extension AggregatedModel {
    /// Lays out the file.
    ///
    /// The result is a container if all updates are containers: a client that sends a bare `.npz` cannot read
    /// containers. The container has the first update's metadata, with the new id, and the first update's attached
    /// files. The inference model and its description are omitted, because they were not averaged.
    init(_ means: [ArrayMean], of models: [ModelFile], modelID: String) throws(WeightsError) {
        let (byteCount, weights) = Self.weights(means, of: models[0])
        guard models.allSatisfy({ $0.kind == .container }), let first = models[0].container else {
            kind = models[0].format == .numpy ? .npz : .raw
            format = models[0].format
            self.byteCount = byteCount
            open = weights
            return
        }
        kind = .container
        format = models[0].format
        let metadata = Self.metadata(models[0], modelID: modelID).bytes
        let files = first.members.filter { $0.name.hasPrefix(Container.filesPrefix) }
        var members = [
            ZipLayout.Member(Container.metadataName, byteCount: Int64(metadata.count), checksum: CRC32.of(metadata)),
            ZipLayout.Member(Container.weightsName, byteCount: byteCount),
        ]
        var contents: [ZipStream.Opening] = [
            { LiteralBytes(metadata) },
            weights,
        ]
        for file in files {
            let content = try Self.verified(file, of: first)
            members.append(ZipLayout.Member(copying: file))
            contents.append { CopiedBytes(first.source, content) }
        }
        let layout = ZipLayout(members)
        self.byteCount = layout.byteCount
        open = { [contents] in ZipStream(layout, contents) }
    }

    /// The layout of the weights: an `.npz` archive, whose arrays are named as in the first update, or a raw vector.
    private static func weights(
        _ means: [ArrayMean],
        of first: ModelFile
    ) -> (byteCount: Int64, open: @Sendable () -> any ByteStream) {
        guard first.format == .numpy else {
            let byteCount = means.reduce(0) { $0 + $1.result.byteCount }
            return (byteCount, { MeanStream(means[0], header: []) })
        }
        let headers = means.map { ArrayHeader.bytes(of: $0.result) }
        let members = zip(means, headers).enumerated().map { index, array in
            ZipLayout.Member(
                NumpyArchive.memberName(index, prefix: first.namePrefix),
                byteCount: Int64(array.1.count) + array.0.result.byteCount
            )
        }
        let contents = zip(means, headers).map { mean, header -> ZipStream.Opening in
            { MeanStream(mean, header: header) }
        }
        let layout = ZipLayout(members)
        return (layout.byteCount, { ZipStream(layout, contents) })
    }

    private static func metadata(_ first: ModelFile, modelID: String) -> JSONObject {
        var metadata = first.metadata ?? JSONObject()
        metadata[Container.helperKey] = .string(first.format.helper)
        metadata[Container.modelIDKey] = .string(modelID)
        metadata[Container.versionKey] = .number(JSONNumber(Container.version))
        metadata[Container.inferenceFormatKey] = nil
        return metadata
    }

    /// Verifies an attached file and returns the range of its bytes, which are copied without being inflated.
    private static func verified(_ file: ZipMember, of archive: ZipArchive) throws(WeightsError) -> Range<Int64> {
        do throws(WeightsError) {
            let reader = try MemberReader(file, of: archive)
            try reader.skip(reader.remainingByteCount)
            let offset = try archive.dataOffset(of: file)
            return offset..<offset + file.storedByteCount
        } catch {
            throw .update(0, error)
        }
    }
}
