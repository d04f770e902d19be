import type { GraphProto, NodeProto, TensorProto } from "onnx-buf";
import { nestedGraphs } from "./onnx-node.ts";

/** Lookups over one graph. A snapshot: build it again after changing the graph. */
export interface GraphView {
  readonly graph: GraphProto;
  /** Node that writes a value. */
  readonly producer: ReadonlyMap<string, NodeProto>;
  /** Nodes that read a value, once each, those that capture it in a nested graph included. */
  readonly consumers: ReadonlyMap<string, readonly NodeProto[]>;
  readonly initializer: ReadonlyMap<string, TensorProto>;
  /** Graph inputs that are not defaults of an initializer. */
  readonly inputs: ReadonlySet<string>;
  readonly outputs: ReadonlySet<string>;
}

export function viewGraph(graph: GraphProto): GraphView {
  const producer = new Map<string, NodeProto>();
  const consumers = new Map<string, NodeProto[]>();
  for (const node of graph.node) {
    for (const name of node.output) if (name !== "") producer.set(name, node);
    for (const name of new Set([...node.input, ...capturedNames(node)])) {
      if (name === "") continue;
      const readers = consumers.get(name);
      if (readers) readers.push(node);
      else consumers.set(name, [node]);
    }
  }
  const initializer = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  return {
    graph,
    producer,
    consumers,
    initializer,
    inputs: new Set(graph.input.map((input) => input.name).filter((name) => !initializer.has(name))),
    outputs: new Set(graph.output.map((output) => output.name)),
  };
}

/** Names that a node's nested graphs read from outside themselves. */
export function capturedNames(node: NodeProto): Set<string> {
  const captured = new Set<string>();
  for (const nested of nestedGraphs(node)) {
    const own = new Set<string>();
    for (const input of nested.input) own.add(input.name);
    for (const tensor of nested.initializer) own.add(tensor.name);
    for (const inner of nested.node) for (const name of inner.output) own.add(name);
    const read = new Set(nested.output.map((output) => output.name));
    for (const inner of nested.node) for (const name of [...inner.input, ...capturedNames(inner)]) read.add(name);
    for (const name of read) if (name !== "" && !own.has(name)) captured.add(name);
  }
  return captured;
}

/** Makes every reader of `from` (nested graphs included, graph outputs not) read `to`. */
export function rewireReaders(graph: GraphProto, from: string, to: string, except?: ReadonlySet<NodeProto>): void {
  for (const node of graph.node) {
    if (except?.has(node)) continue;
    for (let i = 0; i < node.input.length; i++) if (node.input[i] === from) node.input[i] = to;
    for (const nested of nestedGraphs(node)) rewireCaptured(nested, from, to);
  }
}

function rewireCaptured(graph: GraphProto, from: string, to: string): void {
  const shadowed =
    graph.input.some((input) => input.name === from) ||
    graph.initializer.some((tensor) => tensor.name === from) ||
    graph.node.some((node) => node.output.includes(from));
  if (shadowed) return;
  rewireReaders(graph, from, to);
  for (const output of graph.output) if (output.name === from) output.name = to;
}

/** All value names in a graph and its nested graphs. */
export function valueNames(graph: GraphProto): Set<string> {
  const names = new Set<string>();
  for (const value of [...graph.input, ...graph.output, ...graph.initializer]) names.add(value.name);
  for (const node of graph.node) {
    for (const name of [...node.input, ...node.output]) names.add(name);
    for (const nested of nestedGraphs(node)) for (const name of valueNames(nested)) names.add(name);
  }
  return names;
}

/** Hands out names that are not taken yet: `base`, else `base_2`, `base_3`, ... */
export function nameSource(graph: GraphProto): (base: string) => string {
  const taken = valueNames(graph);
  return (base) => {
    let name = base;
    for (let count = 2; taken.has(name); count++) name = `${base}_${count}`;
    taken.add(name);
    return name;
  };
}

/** Nodes in an order in which every value is written before it is read (their own, where it is one); undefined for a cycle. */
export function topologicalOrder(graph: GraphProto): NodeProto[] | undefined {
  const view = viewGraph(graph);
  if (isSorted(view)) return [...graph.node];
  const waiting = new Map<NodeProto, number>();
  for (const node of graph.node) {
    const reads = new Set([...node.input, ...capturedNames(node)].filter((name) => view.producer.has(name)));
    waiting.set(node, reads.size);
  }
  const ready = graph.node.filter((node) => waiting.get(node) === 0);
  const order: NodeProto[] = [];
  for (let next = ready.shift(); next !== undefined; next = ready.shift()) {
    order.push(next);
    for (const name of next.output) {
      for (const reader of view.consumers.get(name) ?? []) {
        const left = (waiting.get(reader) ?? 0) - 1;
        waiting.set(reader, left);
        if (left === 0) ready.push(reader);
      }
    }
  }
  return order.length === graph.node.length ? order : undefined;
}

function isSorted(view: GraphView): boolean {
  const written = new Set<string>();
  for (const node of view.graph.node) {
    const reads = [...node.input, ...capturedNames(node)];
    if (reads.some((name) => view.producer.has(name) && !written.has(name))) return false;
    for (const name of node.output) written.add(name);
  }
  return true;
}
