package io.egression;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.ProtectionDomain;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.springframework.asm.ClassReader;
import org.springframework.asm.ClassVisitor;
import org.springframework.asm.ClassWriter;
import org.springframework.asm.MethodVisitor;
import org.springframework.asm.Opcodes;

/**
 * A Java agent: every class but the JDK's own sees a system clock that is wrong by a constant, as
 * on a machine whose time nobody keeps. The monotonic clock is left alone.
 */
public final class WrongClock {
  private static final String SELF = "io/egression/WrongClock";

  private static Duration error = Duration.ZERO;

  private WrongClock() {}

  /** The option with which a JVM starts under a clock that is wrong by this. */
  static String option(Duration error) {
    try {
      Path jar = Files.createTempFile(Path.of("target").toAbsolutePath(), "clock-", ".jar");
      Manifest manifest = new Manifest();
      manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
      manifest.getMainAttributes().putValue("Premain-Class", WrongClock.class.getName());
      try (OutputStream file = Files.newOutputStream(jar)) {
        new JarOutputStream(file, manifest).close(); // this class is on the class path anyway
      }
      return "-javaagent:" + jar + "=" + error;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static void premain(String wrongBy, Instrumentation instrumentation) {
    error = Duration.parse(wrongBy);
    instrumentation.addTransformer(new Transformer());
  }

  // ---- what the classes ask instead

  public static long currentTimeMillis() {
    return System.currentTimeMillis() + error.toMillis();
  }

  public static Instant now() {
    return Instant.now().plus(error);
  }

  public static Clock systemUTC() {
    return Clock.offset(Clock.systemUTC(), error);
  }

  public static Clock systemDefaultZone() {
    return Clock.offset(Clock.systemDefaultZone(), error);
  }

  private static final class Transformer implements ClassFileTransformer {
    @Override
    public byte[] transform(
        ClassLoader loader, String name, Class<?> type, ProtectionDomain domain, byte[] code) {
      if (loader != ClassLoader.getSystemClassLoader()
          || name.equals(SELF)
          || !asks(new String(code, StandardCharsets.ISO_8859_1))) {
        return null;
      }
      ClassReader reader = new ClassReader(code);
      ClassWriter writer = new ClassWriter(reader, ClassWriter.COMPUTE_MAXS);
      reader.accept(new Rewriting(writer), 0);
      return writer.toByteArray();
    }

    private static boolean asks(String code) {
      return code.contains("currentTimeMillis")
          || code.contains("java/time/Instant")
          || code.contains("java/time/Clock")
          || code.contains("java/util/Date");
    }
  }

  private static final class Rewriting extends ClassVisitor {
    Rewriting(ClassWriter writer) {
      super(Opcodes.ASM9, writer);
    }

    @Override
    public MethodVisitor visitMethod(
        int access, String name, String descriptor, String signature, String[] exceptions) {
      return new Asking(super.visitMethod(access, name, descriptor, signature, exceptions));
    }
  }

  private static final class Asking extends MethodVisitor {
    Asking(MethodVisitor next) {
      super(Opcodes.ASM9, next);
    }

    @Override
    public void visitMethodInsn(
        int opcode, String owner, String name, String descriptor, boolean isInterface) {
      switch (owner + "." + name + descriptor) {
        case "java/lang/System.currentTimeMillis()J",
            "java/time/Instant.now()Ljava/time/Instant;",
            "java/time/Clock.systemUTC()Ljava/time/Clock;",
            "java/time/Clock.systemDefaultZone()Ljava/time/Clock;" ->
            super.visitMethodInsn(Opcodes.INVOKESTATIC, SELF, name, descriptor, false);
        case "java/util/Date.<init>()V" -> {
          super.visitMethodInsn(Opcodes.INVOKESTATIC, SELF, "currentTimeMillis", "()J", false);
          super.visitMethodInsn(opcode, owner, name, "(J)V", false);
        }
        default -> super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
      }
    }
  }
}
