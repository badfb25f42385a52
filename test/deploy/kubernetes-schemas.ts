import { z } from "zod";

// The fields of Kubernetes 1.21 (and newer) and of the operator's custom resource that deploy/kubernetes uses, after the
// schemas of dask-kubernetes 2025.7.0 (dask_kubernetes/operator/customresources). Strict: a misspelt field is an error.

const labels = z.record(z.string(), z.string());
const quantity = z.union([z.string().regex(/^\d+(\.\d+)?(m|[KMGT]i?)?$/), z.number()]);
const amounts = z.strictObject({ cpu: quantity, memory: quantity });
const port = z.int().min(1).max(65_535);
const protocol = z.enum(["TCP", "UDP"]);
const selector = z.strictObject({ matchLabels: labels });
const metadata = z.strictObject({ name: z.string().regex(/^[a-z0-9-]{1,63}$/), labels: labels.optional() });
const probe = z.strictObject({
  httpGet: z.strictObject({ port: z.union([z.string(), port]), path: z.string().startsWith("/") }),
  initialDelaySeconds: z.int().min(0),
  periodSeconds: z.int().min(1),
});

const container = z.strictObject({
  name: z.string(),
  image: z.string().regex(/:[\w.-]+$/, "an image needs a tag"),
  imagePullPolicy: z.enum(["IfNotPresent", "Always", "Never"]),
  args: z.array(z.string()).min(1),
  env: z.array(z.strictObject({ name: z.string(), value: z.string() })).optional(),
  ports: z.array(z.strictObject({ name: z.string().max(15), containerPort: port, protocol })).optional(),
  resources: z.strictObject({ requests: amounts, limits: amounts }),
  securityContext: z.strictObject({
    allowPrivilegeEscalation: z.literal(false),
    readOnlyRootFilesystem: z.literal(true),
    capabilities: z.strictObject({ drop: z.tuple([z.literal("ALL")]) }),
  }),
  readinessProbe: probe.optional(),
  livenessProbe: probe.optional(),
  volumeMounts: z.array(z.strictObject({ name: z.string(), mountPath: z.string().startsWith("/") })).optional(),
});

const podSpec = z.strictObject({
  securityContext: z.strictObject({
    runAsNonRoot: z.literal(true),
    runAsUser: z.int().min(1),
    fsGroup: z.int().min(1).optional(),
  }),
  containers: z.array(container).length(1),
  volumes: z.array(z.strictObject({ name: z.string(), emptyDir: z.strictObject({ sizeLimit: quantity }) })).optional(),
  restartPolicy: z.enum(["Always", "Never", "OnFailure"]).optional(),
});

/** `DaskCluster` of the operator. */
export const daskCluster = z.strictObject({
  apiVersion: z.literal("kubernetes.dask.org/v1"),
  kind: z.literal("DaskCluster"),
  metadata,
  spec: z.strictObject({
    idleTimeout: z.int().min(0).optional(),
    worker: z.strictObject({ replicas: z.int().min(0), spec: podSpec }),
    scheduler: z.strictObject({
      spec: podSpec,
      service: z.strictObject({
        type: z.literal("ClusterIP"),
        selector: labels,
        ports: z.array(z.strictObject({ name: z.string(), protocol, port, targetPort: z.union([z.string(), port]) })),
      }),
    }),
  }),
});

/** `NetworkPolicy` for ingress by pods and namespaces. */
export const networkPolicy = z.strictObject({
  apiVersion: z.literal("networking.k8s.io/v1"),
  kind: z.literal("NetworkPolicy"),
  metadata,
  spec: z.strictObject({
    podSelector: selector,
    policyTypes: z.array(z.enum(["Ingress", "Egress"])),
    ingress: z.array(
      z.strictObject({
        from: z.array(
          z.union([z.strictObject({ podSelector: selector }), z.strictObject({ namespaceSelector: selector })]),
        ),
      }),
    ),
  }),
});

/** `Job`. */
export const job = z.strictObject({
  apiVersion: z.literal("batch/v1"),
  kind: z.literal("Job"),
  metadata,
  spec: z.strictObject({
    backoffLimit: z.int().min(0),
    ttlSecondsAfterFinished: z.int().min(0),
    template: z.strictObject({ metadata: z.strictObject({ labels }), spec: podSpec }),
  }),
});

/** The parts of a Compose file that deploy/docker uses. */
export const composeFile = z.looseObject({
  name: z.string(),
  services: z.record(
    z.string(),
    z.strictObject({
      image: z.string().regex(/:[\w.-]+$/, "an image needs a tag"),
      build: z.strictObject({ context: z.string() }),
      hostname: z.string().optional(),
      command: z.array(z.string()).min(1),
      networks: z.array(z.string()),
      restart: z.enum(["no", "unless-stopped"]),
      security_opt: z.tuple([z.literal("no-new-privileges:true")]),
      cap_drop: z.tuple([z.literal("ALL")]),
      read_only: z.literal(true),
      ports: z.array(z.string()).optional(),
      profiles: z.array(z.string()).optional(),
      working_dir: z.string().optional(),
      volumes: z.array(z.string()).optional(),
      environment: z.record(z.string(), z.string()).optional(),
      tmpfs: z.array(z.string()).optional(),
      healthcheck: z
        .strictObject({
          test: z.array(z.string()),
          interval: z.string(),
          timeout: z.string(),
          retries: z.int().min(1),
        })
        .optional(),
      depends_on: z.record(z.string(), z.strictObject({ condition: z.enum(["service_healthy"]) })).optional(),
      deploy: z
        .strictObject({
          replicas: z.int().min(1),
          resources: z.strictObject({ limits: z.strictObject({ cpus: z.string(), memory: z.string() }) }),
        })
        .optional(),
    }),
  ),
  networks: z.record(z.string(), z.strictObject({ driver: z.literal("bridge") })),
});
